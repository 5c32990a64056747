// The extrapolation of the universal scalability law as a picture, drawn by Vega-Lite: a band for each case.
import { parse, View } from 'vega';
import { compile } from 'vega-lite';
import { speedup } from './scale-law.js';

/** The picture as SVG. `curves`: each a name and what fitLaw returned. */
export async function drawScale(curves, target) {
  const values = curves.flatMap(({ name, law }) =>
    Array.from({ length: target }, (_, i) => {
      const all = law.fits.map((fit) => speedup(i + 1, fit));
      return { name, cores: i + 1, least: Math.min(...all), most: Math.max(...all) };
    }),
  );
  const { spec } = compile({
    background: 'white',
    title: { text: 'Throughput of one cache for all threads, by that of one thread', anchor: 'start' },
    data: { values },
    facet: { field: 'name', type: 'nominal', columns: 3, title: null, sort: null },
    spec: {
      width: 180,
      height: 140,
      encoding: { x: { field: 'cores', type: 'quantitative', title: 'cores' } },
      layer: [
        {
          mark: { type: 'area', opacity: 0.5, color: '#1b7f5c' },
          encoding: {
            y: { field: 'least', type: 'quantitative', title: null, scale: { domain: [0, target] } },
            y2: { field: 'most' },
          },
        },
        {
          mark: { type: 'line', color: '#888888', strokeDash: [4, 4] },
          encoding: { y: { field: 'cores', type: 'quantitative' } },
        },
      ],
    },
  });
  return await new View(parse(spec), { renderer: 'none' }).toSVG();
}
