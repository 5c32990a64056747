// CPU time a query as a picture, drawn by Vega-Lite.
import { parse, View } from 'vega';
import { compile } from 'vega-lite';
import { loads } from './loads.js';

/** SVG: a bar each contender, a panel each load; the scale is logarithmic, since the slowest take 50 times the fastest. */
export async function draw(rows) {
  const values = rows.map(({ label, load, cpu, name }) => ({
    label,
    load: loads[load].label,
    cpu,
    text: cpu.toFixed(1),
    kind: name === 'floor' ? 'floor' : label.startsWith('multisocket') ? 'ours' : 'others',
  }));
  const order = [...new Set(rows.map((row) => row.label))];
  const { spec } = compile({
    background: 'white',
    title: 'CPU time a query in microseconds, less is better',
    data: { values },
    facet: {
      row: {
        field: 'load',
        title: null,
        sort: Object.values(loads).map(({ label }) => label),
        header: { labelFontSize: 13, labelAngle: 0, labelAlign: 'left', labelOrient: 'top' },
      },
    },
    resolve: { scale: { y: 'independent' } },
    spec: {
      width: 560,
      height: { step: 18 },
      encoding: { y: { field: 'label', type: 'nominal', sort: order, title: null, axis: { labelLimit: 320 } } },
      layer: [
        {
          mark: 'bar',
          encoding: {
            x: {
              field: 'cpu',
              type: 'quantitative',
              scale: { type: 'log', domainMin: 1 },
              title: 'microseconds a query',
            },
            x2: { datum: 1 },
            color: {
              field: 'kind',
              type: 'nominal',
              sort: ['floor', 'ours', 'others'],
              title: null,
              scale: { range: ['#888888', '#1b7f5c', '#b7c4d4'] },
            },
          },
        },
        {
          mark: { type: 'text', align: 'left', dx: 4 },
          encoding: { x: { field: 'cpu', type: 'quantitative' }, text: { field: 'text' } },
        },
      ],
    },
  });
  const view = new View(parse(spec), { renderer: 'none' });
  return view.toSVG();
}
