/** `dnstap SOCKET [full] [WRITEBUFFER] [QUEUE] { ... }`: sends queries and replies to a collector of dnstap. */
import { hostname } from 'node:os';
import type { DirectiveDefinition } from '../../corefile/directive.js';
import type { DirectiveReader } from '../../corefile/reader.js';
import { parseInteger } from '../arguments.js';
import type { Collector } from './frame-stream.js';
import type { TapOptions } from './options.js';
import { packageVersion } from '../../native/package-files.js';
import { Taps } from './taps.js';

/** CoreDNS's values. */
const QUEUE = 10_000;
const MAX_QUEUE = 4096;
const MAX_WRITE_BUFFER = 1024;

/** Its configuration: one for each use in a server block. */
export const dnstap: DirectiveDefinition<TapOptions[]> = {
  name: 'dnstap',
  setup: {
    configure: (uses) => uses.map(readUse),
    queryLog: (uses) => ({ messages: uses.some(({ full }) => full) }),
    serve: (configs, { logger }) => new Taps(configs, logger),
  },
};

function readUse(use: DirectiveReader): TapOptions {
  const [endpoint, full, buffer, queue] = use.arguments(1, Infinity) as [string, ...(string | undefined)[]];
  if (endpoint === 'listen') {
    throw use.error('dnstap listen is not supported: let the collector listen, and give its address');
  }
  if (buffer !== undefined) {
    readMultiple(use, buffer, MAX_WRITE_BUFFER, 'write buffer');
    use.warn(`the write buffer ${buffer} has no effect: the kernel chooses it`);
  }
  const options: TapOptions = {
    collector: readCollector(use, endpoint),
    full: full === 'full',
    queue: QUEUE * (queue === undefined ? 1 : readMultiple(use, queue, MAX_QUEUE, 'queue')),
    identity: hostname(),
    version: `multisocket-${packageVersion}`,
    extra: undefined,
  };
  for (const line of use.block) readLine(line, options);
  return options;
}

function readMultiple(use: DirectiveReader, text: string, most: number, what: string): number {
  const multiple = parseInteger(text);
  if (multiple !== undefined && multiple >= 1 && multiple <= most) return multiple;
  throw use.error(`invalid ${what} ${JSON.stringify(text)}: it must be a whole number from 1 to ${most}`);
}

function readCollector(use: DirectiveReader, endpoint: string): Collector {
  const [, transport, rest] = /^(tcp|tls):\/\/(.*)$/s.exec(endpoint) ?? [];
  if (transport !== 'tcp' && transport !== 'tls')
    return { transport: 'unix', path: endpoint.replace(/^unix:\/\//, '') };
  const [, bracketed, plain, port] = (/^(?:\[([^\]]*)\]|([^:/]*)):(\d+)(?:\/.*)?$/s.exec(rest) ?? []) as (
    string | undefined
  )[];
  const host = bracketed ?? plain;
  if (host === undefined || host === '' || Number(port) > 65_535 || Number(port) === 0) {
    throw use.error(`invalid collector ${JSON.stringify(endpoint)}: it must be a path, or ${transport}://HOST:PORT`);
  }
  return { transport, host, port: Number(port), skipVerify: false };
}

function readLine(line: DirectiveReader, options: TapOptions): void {
  switch (line.name) {
    case 'skipverify':
      if (options.collector.transport !== 'unix') options.collector.skipVerify = true;
      break;
    case 'identity':
    case 'version':
    case 'extra':
      [options[line.name]] = line.arguments(1, Infinity);
      break;
    case 'tls':
      throw line.error('tls directive only valid for listeners');
    default:
      throw line.error(`unknown property '${line.name}'`);
  }
}
