// CPU time a query as a picture, drawn by Vega-Lite: a panel each load, in which each contender has a bar. The scale is
// logarithmic, since the slowest take 50 times what the fastest take.
import { parse, View } from 'vega';
import { compile } from 'vega-lite';
import { loads } from './loads.js';

/** The picture as SVG. */
export async function draw(rows) {
  const panels = Object.entries(loads).map(([load, { label }]) =>
    panel(
      label,
      rows.filter((row) => row.load === load),
    ),
  );
  const { spec } = compile({
    background: 'white',
    title: { text: 'CPU time a query in microseconds; less is better', anchor: 'start' },
    vconcat: panels.filter(({ data }) => data.values.length > 0),
    resolve: { scale: { x: 'shared', color: 'shared' } },
  });
  return await new View(parse(spec), { renderer: 'none' }).toSVG();
}

function panel(title, rows) {
  const values = rows.map(({ label, cpu, name }) => ({
    label,
    cpu,
    text: cpu.toFixed(cpu < 10 ? 2 : 0),
    kind: name === 'floor' ? 'floor' : label.startsWith('multisocket') ? 'ours' : 'others',
  }));
  return {
    title: { text: title, fontSize: 12 },
    data: { values },
    width: 560,
    height: { step: 18 },
    encoding: {
      y: { field: 'label', type: 'nominal', sort: null, title: null, axis: { labelLimit: 320 } },
      x: { field: 'cpu', type: 'quantitative', scale: { type: 'log', domainMin: 1 }, title: null },
    },
    layer: [
      {
        mark: 'bar',
        encoding: {
          x2: { datum: 1 },
          color: {
            field: 'kind',
            type: 'nominal',
            title: null,
            scale: { domain: ['floor', 'ours', 'others'], range: ['#888888', '#1b7f5c', '#b7c4d4'] },
          },
        },
      },
      { mark: { type: 'text', align: 'left', dx: 4 }, encoding: { text: { field: 'text' } } },
    ],
  };
}
