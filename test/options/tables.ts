/** All tables of options, and how to check the options of each as the library does. */
import type { ServerOptions } from 'multisocket';
import { cache, prefetch } from '../../dist/options/cache.js';
import { cookies } from '../../dist/options/cookies.js';
import { checkForwarder, forwarder, healthCheck, upstreamTls } from '../../dist/options/forwarder.js';
import { https } from '../../dist/options/https.js';
import { listenEntry } from '../../dist/options/listen.js';
import type { Option, Table } from '../../dist/options/option.js';
import { queryLog } from '../../dist/options/query-log.js';
import { proxyProtocol } from '../../dist/options/proxy-protocol.js';
import { question } from '../../dist/options/question.js';
import { rateLimit } from '../../dist/options/rate-limit.js';
import { auto, server } from '../../dist/options/server.js';
import { socketGroup } from '../../dist/options/sockets.js';
import { resolve } from '../../dist/options/table.js';
import { tcp } from '../../dist/options/tcp.js';
import { tls } from '../../dist/options/tls.js';
import { tsig, tsigKey } from '../../dist/options/tsig.js';
import { checkOptions } from '../../dist/server/options/check-options.js';
import type { ServerConfig } from '../../dist/server/options/config.js';
import { checkGroupOptions } from '../../dist/socket/socket-group-options.js';
import type { Certificate } from '../support/certificate.js';

type Values = Record<string, unknown>;

/** A key of the option `tsig`. */
export const TSIG_KEY = { name: 'a.key', secret: 'MDEyMzQ1Njc4OWFiY2RlZg==' };

/** A table, and where its options stand. */
export interface Place {
  /** The title of its section in the documentation. */
  title: string;
  /** What messages put before the name of an option. */
  prefix: string;
  table: Table;
  /** Options of the table without a fault, beside the one that a test sets. */
  base: Values;
  /** Checks options of the table; returns them with the defaults. */
  check(options: Values): Values;
}

const filename = 'handler.js';

/** The places of all options. */
export function allPlaces({ cert, key }: Certificate): Place[] {
  const within = (name: string, table: Table, base: Values, wrap: (options: Values) => Values): Place => ({
    title: name,
    prefix: `${name}.`,
    table,
    base,
    check: (options) => {
      const config: unknown = checkServer({ listen: ':0', filename, ...wrap(options) });
      return name.split('.').reduce((value, part) => value[part] as Values, config as Values);
    },
  });
  const listening = within('listen', listenEntry, { address: '::', transport: 'tls' }, (listen) => ({ listen }));
  return [
    { title: 'createServer', prefix: '', table: server, base: { listen: ':0', filename }, check: checkServer },
    {
      ...listening,
      check: (options) => entryOf(checkOptions({ listen: options as never, filename, tls: { cert, key } })),
    },
    within('auto', auto, {}, (options) => ({ sockets: 'auto', auto: options })),
    within('queryLog', queryLog, { sink: () => undefined }, (options) => ({ queryLog: options })),
    within('tcp', tcp, {}, (options) => ({ tcp: options })),
    within('tls', tls, { cert, key }, (options) => ({ tls: options })),
    within('https', https, {}, (options) => ({ https: options, workers: 0 })),
    within('cache', cache, { maxBytes: 65_536 }, (options) => ({ cache: options })),
    within('cache.prefetch', prefetch, { hits: 1, percent: 1 }, (options) => ({
      cache: { maxBytes: 65_536, prefetch: options },
    })),
    within('cookies', cookies, {}, (options) => ({ cookies: options })),
    within('rateLimit', rateLimit, { allPerSecond: 1, responsesPerSecond: 1 }, (options) => ({ rateLimit: options })),
    within('proxyProtocol', proxyProtocol, { from: [] }, (options) => ({ proxyProtocol: options })),
    within('tsig', tsig, { keys: [] }, (options) => ({ tsig: options })),
    {
      ...within('tsig.keys[0]', tsigKey, TSIG_KEY, () => ({})),
      title: 'tsig.keys',
      check: (options) => {
        const { tsig: checked } = checkServer({ listen: ':0', filename, tsig: { keys: [options] } });
        return (checked as { keys: Values[] }).keys[0];
      },
    },
    {
      title: 'openSockets',
      prefix: '',
      table: socketGroup,
      base: { protocol: 'udp', address: '127.0.0.1' },
      check: (options) => ({ ...checkGroupOptions(options as never) }),
    },
    { title: 'createForwarder', prefix: '', table: forwarder, base: { upstreams: '127.0.0.1' }, check: checkForwarder },
    forwarderGroup('healthCheck', healthCheck, {}),
    forwarderGroup('tls', upstreamTls, { cert, key }),
    {
      title: 'forwarder.query',
      prefix: '',
      table: question,
      base: { name: 'example.org' },
      check: (options) => resolve('', question, options),
    },
  ];
}

/** Every option with its place. */
export function allOptions(certificate: Certificate): { place: Place; name: string; option: Option }[] {
  return allPlaces(certificate).flatMap((place) =>
    Object.entries(place.table).map(([name, option]) => ({ place, name, option })),
  );
}

function forwarderGroup(name: 'healthCheck' | 'tls', table: Table, base: Values): Place {
  return {
    title: `createForwarder.${name}`,
    prefix: `${name}.`,
    table,
    base,
    check: (options) => ({ ...checkForwarder({ upstreams: '127.0.0.1', [name]: options })[name] }),
  };
}

function checkServer(options: Values): Values {
  const { worker, ...config } = checkOptions(options as unknown as ServerOptions);
  return { ...config, ...worker };
}

function entryOf({ listen: [entry], ownTls }: ServerConfig): Values {
  return { ...entry, tls: Object.values(ownTls)[0] };
}
