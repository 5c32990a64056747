/** `multisocket tune`: measures a server with several numbers of sockets, and recommends one. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { LOOPBACK } from '../dns/networks.js';
import { MAX_PORT } from '../dns/numbers.js';
import { MAX_SOCKETS } from '../options/sockets.js';
import { bounds, tune, type TuneOptions, type TuneProgress, type TuneResult } from '../tune/tune.js';
import { readNumber, readOptions, UsageError } from './arguments.js';
import { megabytes, short, table, whole } from './figures.js';

/** The usage text of the command. */
export const TUNE_USAGE =
  'usage: multisocket tune [-conf FILE | -handler FILE] [-sockets N,N,...] [-questions FILE] [-rate QPS]\n' +
  '                        [-repeats N] [-duration SECONDS] [-report DIRECTORY] [-json]\n' +
  '                        [-target ADDRESS:PORT [-yes]] [-dns.port N]';

const DEFAULT_FILE = 'Corefile';

/**
 * Measures, with progress on standard error, and prints a table and the recommendation, or with `-json` the whole
 * result. `-report` writes that and a page with charts to a directory.
 *
 * Rejects with a `UsageError`, or like `tune`.
 */
export async function tuneCommand(args: readonly string[]): Promise<void> {
  const { options, report, json } = readArguments(args);
  // Loaded first, so that an error comes before the measurement.
  const page = report === undefined ? undefined : await import('../tune/page.js');
  await page?.checkCharts();
  const stopping = new AbortController();
  process.once('SIGINT', () => {
    stopping.abort(new Error('interrupted'));
  });
  const result = await tune({ ...options, progress: new Progress().tell, signal: stopping.signal });
  if (json) process.stdout.write(`${JSON.stringify(result, undefined, 2)}\n`);
  else process.stdout.write(`${tuneTable(result).join('\n')}\n`);
  if (report === undefined || page === undefined) return;
  mkdirSync(report, { recursive: true });
  const files = { json: join(report, 'tune.json'), html: join(report, 'tune.html') };
  writeFileSync(files.json, `${JSON.stringify(result, undefined, 2)}\n`);
  writeFileSync(files.html, await page.tunePage(result));
  process.stderr.write(`written: ${files.json}, ${files.html}\n`);
}

function readArguments(args: readonly string[]): { options: TuneOptions; report: string | undefined; json: boolean } {
  const known = {
    conf: { type: 'string' },
    handler: { type: 'string' },
    'dns.port': { type: 'string' },
    sockets: { type: 'string' },
    questions: { type: 'string' },
    rate: { type: 'string' },
    repeats: { type: 'string' },
    duration: { type: 'string' },
    report: { type: 'string' },
    target: { type: 'string' },
    yes: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  } as const;
  const values = readOptions(args, known, TUNE_USAGE);
  const number = (option: 'dns.port' | 'rate' | 'repeats' | 'duration', least: number, most: number) => {
    const text = values[option];
    return text === undefined ? undefined : readNumber(option, text, least, most, TUNE_USAGE);
  };
  const rate = number('rate', bounds.rate.min, bounds.rate.max);
  const repeats = number('repeats', bounds.repeats.min, bounds.repeats.max);
  const duration = number('duration', bounds.duration.min / 1000, bounds.duration.max / 1000);
  const target = values.target === undefined ? {} : readTarget(values.target, values.yes);
  const sockets = values.sockets?.split(',').map((text) => readNumber('sockets', text, 1, MAX_SOCKETS, TUNE_USAGE));
  return {
    options: {
      source: sourceOf(values.conf, values.handler, number('dns.port', 0, MAX_PORT)),
      ...(sockets === undefined ? {} : { sockets }),
      ...(values.questions === undefined ? {} : { questions: values.questions }),
      ...(rate === undefined ? {} : { rate }),
      ...(repeats === undefined ? {} : { repeats }),
      ...(duration === undefined ? {} : { duration: Math.round(duration * 1000) }),
      ...target,
    },
    report: values.report,
    json: values.json,
  };
}

function sourceOf(conf: string | undefined, handler: string | undefined, dnsPort?: number): TuneOptions['source'] {
  if (conf !== undefined && handler !== undefined) {
    throw new UsageError('-conf and -handler exclude each other', TUNE_USAGE);
  }
  if (handler !== undefined) return { handler };
  if (conf === undefined && !existsSync(DEFAULT_FILE)) {
    throw new UsageError('there is no Corefile here: name one with -conf, or a module with -handler', TUNE_USAGE);
  }
  return { corefile: conf ?? DEFAULT_FILE, ...(dnsPort === undefined ? {} : { dnsPort }) };
}

/** An address outside of loopback must be confirmed by `-yes`: the measurement loads a network. */
function readTarget(text: string, confirmed: boolean): Pick<TuneOptions, 'target' | 'remote'> {
  const [, bracketed, plain, port] = (/^(?:\[([^\]]+)\]|([^:]+))(?::(\d+))?$/.exec(text) ?? []) as (
    string | undefined
  )[];
  const address = bracketed ?? plain ?? '';
  if (isIP(address) === 0 || Number(port ?? 0) > MAX_PORT) {
    throw new UsageError(`-target is not an IP address with a port: ${text}`, TUNE_USAGE);
  }
  const remote = !LOOPBACK.has(address);
  if (remote && !confirmed) {
    throw new UsageError(`${address} is not on loopback: confirm with -yes that it may be put under load`, TUNE_USAGE);
  }
  return { target: { address, port: Number(port ?? 0) }, remote };
}

const BAR = 20;

/** Reports the progress, and the remaining time, on standard error. */
class Progress {
  /** When the first run began, by `performance.now()`. */
  #start: number | undefined;

  readonly tell = ({ done, runs, sockets, last }: TuneProgress): void => {
    if (last !== undefined) {
      const { queriesPerSecond, cpuPerQuery, cpuUsed } = last;
      process.stderr.write(
        `${whole(queriesPerSecond)} queries/s, ${short(cpuPerQuery)} us of CPU a query, ${cpuUsed.toFixed(2)} CPUs\n`,
      );
    }
    if (done === runs) return;
    if (sockets === undefined) {
      process.stderr.write('finding out how many queries have to be in the air ...\n');
      return;
    }
    this.#start ??= performance.now();
    const left = done === 0 ? '' : `, ${duration(((performance.now() - this.#start) / done) * (runs - done))} left`;
    const filled = Math.round((done / runs) * BAR);
    const bar = `[${'#'.repeat(filled)}${'.'.repeat(BAR - filled)}]`;
    const count = String(done + 1).padStart(String(runs).length);
    process.stderr.write(`${bar} ${count}/${runs}${left}: ${sockets} socket${sockets === 1 ? '' : 's'}: `);
  };
}

/** `1:05`: minutes and seconds. */
function duration(milliseconds: number): string {
  const seconds = Math.ceil(milliseconds / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}

/** The result as lines of text. */
export function tuneTable({ values, recommendation }: TuneResult): string[] {
  const { sockets, reason, certainty, caveats } = recommendation;
  return [
    ...table([
      [
        ...['SOCKETS', 'QUERIES/S', 'FROM', 'TO', 'US CPU/Q', 'CPUS', 'P50 MS', 'P99 MS', 'P99.9 MS'],
        ...['LOST', 'DROPS', 'SKEW', 'MEMORY'],
      ],
      ...values.map(({ sockets: value, median, least, most, tied }) => [
        `${value}${value === sockets ? ' *' : tied ? ' =' : ''}`,
        whole(median.queriesPerSecond),
        whole(least),
        whole(most),
        short(median.cpuPerQuery),
        median.cpuUsed.toFixed(2),
        short(median.p50),
        short(median.p99),
        short(median.p999),
        whole(median.lost),
        whole(median.drops),
        median.skew.toFixed(2),
        megabytes(median.memory),
      ]),
    ]),
    '* recommended   = cannot be told from the best',
    '',
    `Recommended: multisocket ${sockets}   (certainty: ${certainty})`,
    reason,
    ...caveats.map((caveat) => `- ${caveat}`),
  ];
}
