import { basename } from 'node:path';
import { drawCharts, loadCharts, type Chart } from './charts.js';
import type { ValueSummary } from './judge.js';
import type { TuneResult } from './tune.js';

/** Rejects with `ERR_MULTISOCKET_REPORT` if the packages that draw the charts are not installed. */
export async function checkCharts(): Promise<void> {
  await loadCharts();
}

const STYLE = `
:root { color-scheme: light dark; --ink: #1c232d; --paper: #fff; --soft: #f2f4f7; --line: #d5dae1; --good: #1b7f5c; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e4e8ee; --paper: #14181d; --soft: #1e242b; --line: #39424d; --good: #4cc79b; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 80rem; padding: 1rem; background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.3rem; margin: 0 0 .25rem; overflow-wrap: anywhere; }
h2 { font-size: 1.05rem; margin: 2rem 0 .5rem; }
.verdict { background: var(--soft); border-left: 4px solid var(--good); padding: .75rem 1rem; margin: 1rem 0; }
.verdict strong { font-size: 1.6rem; color: var(--good); display: block; }
.verdict p { margin: .25rem 0; }
.charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(20rem, 100%), 1fr)); gap: 1rem; }
figure { margin: 0; padding: .75rem; background: var(--soft); }
figcaption { font-weight: 600; }
figcaption small { display: block; font-weight: normal; }
svg { display: block; max-width: 100%; height: auto; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: .8rem; font-variant-numeric: tabular-nums; white-space: nowrap; }
th, td { text-align: right; padding: .3rem .4rem; border-bottom: 1px solid var(--line); }
th:first-child, td:first-child { text-align: left; }
tr.chosen td { font-weight: 600; color: var(--good); }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .1rem 1rem; margin: 0; }
dd { margin: 0; overflow-wrap: anywhere; }
`;

/**
 * Returns the report as one self-contained page of HTML: no script, no other file, no network. Rejects with
 * `ERR_MULTISOCKET_REPORT` if the packages that draw the charts are not installed.
 */
export async function tunePage(result: TuneResult): Promise<string> {
  const charts = await drawCharts(result);
  const server = escape(basename(result.server));
  const { sockets, reason, certainty, caveats } = result.recommendation;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<title>multisocket tune: ${server}</title>
<style>${STYLE}</style>
</head>
<body>
<h1>How many sockets for ${server}</h1>
<div class="verdict">
<strong>multisocket ${sockets}</strong>
<p>${escape(reason)}</p>
<p>Certainty: ${certainty}. ${escape(overlapOf(result))}</p>
</div>
${caveats.length === 0 ? '' : `<ul>${caveats.map((caveat) => `<li>${escape(caveat)}</li>`).join('')}</ul>`}
<div class="charts">
${charts.map(figure).join('\n')}
</div>
<h2>All figures</h2>
<div class="wide">${valueTable(result)}</div>
<p>Medians of all runs. “Ahead” is the share of all pairs of runs in which the best value was ahead of this one: a half when
they are alike, 100 % when they do not overlap.</p>
<h2>How it was measured</h2>
${settingsList(result)}
</body>
</html>
`;
}

function overlapOf({ values, recommendation, settings }: TuneResult): string {
  const tied = values.filter((value) => value.tied && value.sockets !== recommendation.sockets);
  if (settings.repeats === 1) return 'Each value had one run, which does not show how much runs differ.';
  const error = `The runs of the recommended value are within ±${(recommendation.error * 100).toFixed(1)} %.`;
  if (tied.length === 0) return `${error} The runs of every other value are apart from it.`;
  return `${error} Not to be told from the best either: ${tied.map(({ sockets }) => sockets).join(', ')}.`;
}

function figure({ title, hint, svg }: Chart): string {
  const labelled = svg.replace('<svg ', `<svg role="img" aria-label="${escape(title)} by number of sockets" `);
  return `<figure><figcaption>${escape(title)}<small>${escape(hint)}</small></figcaption>${labelled}</figure>`;
}

const COLUMNS: readonly (readonly [string, (value: ValueSummary) => string])[] = [
  ['Sockets', ({ sockets }) => String(sockets)],
  ['Queries/s', ({ median }) => whole(median.queriesPerSecond)],
  ['From', ({ least }) => whole(least)],
  ['To', ({ most }) => whole(most)],
  ['Ahead', ({ behind }) => `${(behind * 100).toFixed(0)} %`],
  ['CPU µs/query', ({ median }) => median.cpuPerQuery.toFixed(1)],
  ['CPUs', ({ median }) => median.cpuUsed.toFixed(2)],
  ['of', ({ median }) => median.cpuAvailable.toFixed(2)],
  ['p50 ms', ({ median }) => median.p50.toFixed(2)],
  ['p99 ms', ({ median }) => median.p99.toFixed(2)],
  ['p99.9 ms', ({ median }) => median.p999.toFixed(2)],
  ['Lost', ({ median }) => whole(median.lost)],
  ['Kernel drops', ({ median }) => whole(median.drops)],
  ['Skew', ({ median }) => median.skew.toFixed(2)],
  ['Memory MB', ({ median }) => (median.memory / 1e6).toFixed(1)],
];

function valueTable({ values, recommendation }: TuneResult): string {
  const head = COLUMNS.map(([name]) => `<th>${name}</th>`).join('');
  const rows = values.map((value) => {
    const chosen = value.sockets === recommendation.sockets ? ' class="chosen"' : '';
    return `<tr${chosen}>${COLUMNS.map(([, text]) => `<td>${text(value)}</td>`).join('')}</tr>`;
  });
  return `<table><thead><tr>${head}</tr></thead><tbody>${rows.join('')}</tbody></table>`;
}

function settingsList({ machine, settings, runs }: TuneResult): string {
  const load =
    settings.rate === null
      ? `as much as the server bears, ${settings.window} queries in the air; latency at ${whole(runs[0].latencyRate)} queries/s`
      : `${whole(settings.rate)} queries/s`;
  const rows: [string, string][] = [
    ['Runs', `${settings.repeats} of each value, in turn, ${settings.duration / 1000} s each`],
    ['Load', `${load}, from ${settings.clients} ports`],
    ['Questions', whole(settings.questions)],
    ['Address', settings.target],
    ['Machine', `${machine.cpu}, ${machine.usable} of ${machine.cpus} CPUs usable, Node ${machine.node}`],
    ['Note', 'The load generator runs on the same machine and takes its part of the CPU.'],
  ];
  return `<dl>${rows.map(([name, text]) => `<dt>${name}</dt><dd>${escape(text)}</dd>`).join('')}</dl>`;
}

function whole(number: number): string {
  return Math.round(number).toLocaleString('en-US');
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
