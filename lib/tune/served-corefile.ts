/** The Corefile of a server under measurement: one of its addresses, moved, and nothing besides the queries. */
import { withCode } from '../errors.js';
import type { ServedAddress } from '../corefile/addresses.js';
import type { Corefile } from '../corefile/corefile.js';
import type { FileOptions } from '../directives/file/options.js';
import { readZoneFile } from '../dns/zone-file/zone-file.js';
import type { PrometheusConfig } from '../directives/prometheus/exporter.js';
import type { ServeOrder } from './served-messages.js';
import { questionsFor, type Question } from './questions.js';

/** Directives that open a port of their own or change the server, and cost a query nothing. */
const LEFT_OUT = new Set(['health', 'ready', 'reload']);

/** The address to measure: the first one with plain DNS. Throws `ERR_MULTISOCKET_TUNE` if there is none. */
export function measuredAddress({ addresses }: Corefile): ServedAddress {
  const address = addresses.find(({ transport }) => transport === 'dns');
  if (address !== undefined) return address;
  throw withCode(new Error('the Corefile has no address that speaks plain DNS to be measured'), 'ERR_MULTISOCKET_TUNE');
}

/**
 * Changes a Corefile so that it can run beside the server in use: only the measured address is left, at another place,
 * `health`, `ready` and `reload` are left out, and `prometheus` has a port of its own.
 */
export function forMeasuring(corefile: Corefile, { sockets, address, port }: Omit<ServeOrder, 'source'>): void {
  corefile.addresses = [{ ...measuredAddress(corefile), address, port, sockets }];
  for (const block of corefile.blocks) {
    block.directives = block.directives.filter(({ name }) => !LEFT_OUT.has(name));
    for (const { name, config } of block.directives) {
      if (name === 'prometheus') (config as PrometheusConfig).address = { host: '127.0.0.1', port: 0 };
    }
  }
}

/**
 * Questions for all zones of the measured address: from zone files, or names that clients of such a zone may ask for.
 */
export function corefileQuestions(corefile: Corefile): Question[] {
  return measuredAddress(corefile).zones.flatMap(({ zone, block }) => {
    const files = corefile.blocks[block].directives.flatMap(({ name, config }) =>
      name === 'file' ? (config as FileOptions[]).filter(({ zones }) => zones.includes(zone)) : [],
    );
    return files.length === 0 ? questionsFor([zone]) : files.flatMap(({ file }) => zoneQuestions(file, zone));
  });
}

/** Each name and type of a zone file once. */
function zoneQuestions(file: string, zone: string): Question[] {
  const distinct = new Map<string, Question>();
  readZoneFile(file, zone, {
    onRecord({ name, type }) {
      // Names with escapes are left to files of questions.
      if (!name.includes('\\')) distinct.set(`${name.toLowerCase()} ${type}`, { name, type });
    },
  });
  return [...distinct.values()];
}
