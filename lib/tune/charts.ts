/**
 * The charts of a report as SVG, drawn by Vega-Lite. Their text has the colour of the page, so that they fit light and
 * dark.
 */
import { withCode } from '../errors.js';
import type { ValueSummary } from './judge.js';
import type { TuneResult } from './tune.js';

/** A chart: what it shows, in words, and its SVG. */
export interface Chart {
  title: string;
  /** Which way is better, or how to read it. */
  hint: string;
  svg: string;
}

type Median = keyof ValueSummary['median'];
/** A layer of a Vega-Lite specification. */
type Layer = Readonly<Record<string, unknown>>;

/** The functions of the two packages that are used; the packages' own types need those of a browser. */
interface Drawing {
  vega: {
    parse(spec: object): object;
    View: new (runtime: object, options: { renderer: 'none' }) => { toSVG(): Promise<string> };
  };
  lite: { compile(spec: object): { spec: object } };
}

/** Narrow enough for a telephone, axis included. */
const WIDTH = 250;
const HEIGHT = 170;
const INK = 'currentColor';
/** Distinct on white and on black, also for people with colour blindness. */
const CHOSEN = '#2a9d72';
const OTHER = '#8a99ad';
/** The labels of the axis of latency, in milliseconds. */
const DECADES = [0.001, 0.01, 0.1, 1, 10, 100, 1000];
const PERCENTILES = { p50: '#2a9d72', p99: '#3f8fd6', 'p99.9': '#d9822b' };

const CONFIG = {
  background: 'transparent',
  font: 'system-ui, sans-serif',
  view: { stroke: null },
  axis: {
    labelColor: INK,
    titleColor: INK,
    tickColor: INK,
    domainColor: INK,
    gridColor: INK,
    gridOpacity: 0.15,
    labelFontSize: 12,
    titleFontSize: 12,
    titleFontWeight: 'normal',
  },
  legend: { labelColor: INK, titleColor: INK, labelFontSize: 12, orient: 'bottom' },
};

/** Loads the packages that draw. Rejects with `ERR_MULTISOCKET_REPORT` if they are not installed. */
export async function loadCharts(): Promise<Drawing> {
  const [vega, lite]: string[] = ['vega', 'vega-lite'];
  try {
    return { vega: (await import(vega)) as Drawing['vega'], lite: (await import(lite)) as Drawing['lite'] };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    const message = 'a report with charts needs the packages vega and vega-lite: npm install vega vega-lite';
    throw withCode(new Error(message, { cause: error }), 'ERR_MULTISOCKET_REPORT');
  }
}

/** All charts of a result. */
export async function drawCharts(result: TuneResult): Promise<Chart[]> {
  const { vega, lite } = await loadCharts();
  const specs: (Omit<Chart, 'svg'> & { layer: Layer[] })[] = [
    { title: 'Queries a second', hint: 'more is better; a dot is a run', layer: bars(result, 'queriesPerSecond', 1) },
    { title: 'CPU time a query, µs', hint: 'less is better; a dot is a run', layer: bars(result, 'cpuPerQuery', 1) },
    {
      title: 'CPUs in use',
      hint: 'the line is what there was for the server',
      layer: [...bars(result, 'cpuUsed', 1), available(result)],
    },
    { title: 'Latency, ms', hint: 'less is better; at the same rate for all', layer: latency(result) },
    {
      title: 'Skew between sockets',
      hint: '1: all sockets get the same',
      layer: bars(result, 'skew', 1),
    },
    { title: 'Memory, MB', hint: 'of the process of the server', layer: bars(result, 'memory', 1e6) },
  ];
  return Promise.all(
    specs.map(async ({ title, hint, layer }) => {
      const { spec } = lite.compile({ width: WIDTH, height: HEIGHT, padding: 2, layer, config: CONFIG });
      const svg = await new vega.View(vega.parse(spec), { renderer: 'none' }).toSVG();
      return { title, hint, svg };
    }),
  );
}

const x = { field: 'sockets', type: 'ordinal', title: 'sockets', axis: { labelAngle: 0, labelOverlap: true } } as const;

/** A bar for the median of each value, and a dot for each of its runs. */
function bars({ values, runs, recommendation }: TuneResult, figure: Median, unit: number): Layer[] {
  const medians = values.map(({ sockets, median }) => ({
    sockets,
    value: median[figure] / unit,
    color: sockets === recommendation.sockets ? CHOSEN : OTHER,
  }));
  const dots = runs.map((run) => ({ sockets: run.sockets, value: run[figure] / unit }));
  const y = { field: 'value', type: 'quantitative', title: null, axis: { tickCount: 5 } } as const;
  return [
    {
      data: { values: medians },
      mark: { type: 'bar', width: { band: 0.7 } },
      encoding: { x, y, color: { field: 'color', type: 'nominal', scale: null } },
    },
    {
      data: { values: dots },
      mark: { type: 'point', filled: true, size: 18, color: INK, opacity: 0.7 },
      encoding: { x, y },
    },
  ];
}

function available({ values }: TuneResult): Layer {
  return {
    data: { values: values.map(({ sockets, median }) => ({ sockets, value: median.cpuAvailable })) },
    mark: { type: 'tick', thickness: 2, color: INK, width: { band: 0.9 } },
    encoding: { x, y: { field: 'value', type: 'quantitative' } },
  };
}

function latency({ values }: TuneResult): Layer[] {
  const rows = values.flatMap(({ sockets, median }) =>
    (
      [
        ['p50', median.p50],
        ['p99', median.p99],
        ['p99.9', median.p999],
      ] as const
    ).map(([percentile, value]) => ({ sockets, percentile, value: Math.max(value, 0.001) })),
  );
  return [
    {
      data: { values: rows },
      mark: { type: 'line', point: { size: 40, filled: true }, strokeWidth: 2 },
      encoding: {
        x,
        y: { field: 'value', type: 'quantitative', title: null, scale: { type: 'log' }, axis: { values: DECADES } },
        color: {
          field: 'percentile',
          type: 'nominal',
          title: null,
          scale: { domain: Object.keys(PERCENTILES), range: Object.values(PERCENTILES) },
        },
      },
    },
  ];
}
