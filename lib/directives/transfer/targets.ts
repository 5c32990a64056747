import { isIP, SocketAddress } from 'node:net';
import type { DirectiveReader } from '../../corefile/reader.js';
import { isIn } from '../../dns/names.js';
import { MAX_PORT } from '../../dns/numbers.js';
import { endpointOf } from '../../worker/ip.js';

const DNS_PORT = 53;

/** A secondary. */
export interface Target {
  /** Numeric, in canonical form, IPv6 perhaps with a `%zone`. */
  address: string;
  /** The port to which NOTIFY is sent, 1 to 65,535. */
  port: number;
}

/** One use of `transfer`: who may have which zones. */
export interface TransferOptions {
  /** The zones, with all below them, in the form of `Query.key`. */
  zones: readonly string[];
  /** Whether every address may have the zones: `to *`. */
  everyone: boolean;
  /** The addresses that may have the zones, and are told of changes. */
  targets: readonly Target[];
  /** The address from which NOTIFY is sent, numeric; undefined: the system chooses. */
  source: string | undefined;
  /** The directory of the journals; undefined: they are in memory only. */
  journal: string | undefined;
  /** The most octets of a zone's journal. */
  journalSize: number;
}

/** The use for a zone: the one with the longest name that contains it. */
export function useFor<Use extends TransferOptions>(uses: readonly Use[], origin: string): Use | undefined {
  let best: Use | undefined;
  let longest = '';
  for (const use of uses) {
    for (const zone of use.zones) {
      if (!isIn(origin, zone) || (best !== undefined && zone.length <= longest.length)) continue;
      [best, longest] = [use, zone];
    }
  }
  return best;
}

/** An address, with a port if wanted: `192.0.2.1`, `192.0.2.1:5300`, `2001:db8::1`, `[2001:db8::1]:5300`. */
export function readTarget(line: DirectiveReader, text: string): Target {
  const [, bracketed, plain, digits] = (/^(?:\[([^\]]*)\]|([^:[\]]*)):(\d*)$/.exec(text) ?? []) as (
    string | undefined
  )[];
  const address = bracketed ?? plain ?? text;
  if (isIP(address) === 0) throw line.error(`must specify an IP address: \`${address}'`);
  const port = digits === undefined || digits === '' ? DNS_PORT : Number(digits);
  if (port < 1 || port > MAX_PORT) throw line.error(`invalid port ${port} of ${text}: 1 to 65,535`);
  return { address: canonical(address), port };
}

/** An address as `Query.client` has it. */
export function canonical(address: string): string {
  if (isIP(address) !== 6) return address;
  const [plain, zone] = address.split('%', 2) as [string, string | undefined];
  const { address: mapped, family } = endpointOf(plain, 0);
  if (family === 'IPv4') return mapped;
  const text = new SocketAddress({ address: plain, family: 'ipv6' }).address;
  return zone === undefined ? text : `${text}%${zone}`;
}
