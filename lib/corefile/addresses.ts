/** Groups the zones of server blocks by the addresses that they listen on. */
import { isDeepStrictEqual } from 'node:util';
import { nameOfAddress } from '../socket/addresses.js';
import type { ProxyProtocolOptions } from '../options/proxy-protocol.js';
import type { RateLimitOptions } from '../options/rate-limit.js';
import { corefileWarning, parsingError, type CorefileWarning, type Faults } from './errors.js';
import type { CorefileTransport, ZoneKey } from './keys.js';
import type { ListenSettings, TimeoutSettings, TlsSettings } from './listen-settings.js';
import type { ServerBlock } from './server-block.js';
import { withLastDot } from '../dns/names.js';

/** An address with the zones and settings that it serves. It can be cloned into a worker. */
export interface ServedAddress {
  transport: CorefileTransport;
  /** Numeric; empty: every address of the host. */
  address: string;
  port: number;
  /** NUM_SOCKETS, 1 to 1,024: the value of the first server block of the address, or 1 if it has none. */
  sockets: number;
  /** The value of the first server block of the address that has one. */
  tls: TlsSettings | undefined;
  /** The value of the first server block of the address that has one. */
  timeouts: TimeoutSettings | undefined;
  /** The value of the first server block of the address that has one. */
  proxyProtocol: ProxyProtocolOptions | undefined;
  /** The value of the first server block of the address that has one. */
  rrl: RateLimitOptions | undefined;
  /** The zones, each with the index of its server block. */
  zones: { zone: string; block: number }[];
}

/**
 * Groups the zones of all server blocks by `transport://address:port`. A setting of a later block that has no effect is
 * a warning.
 *
 * Errors: a zone that appears twice for one transport and address, or both with and without `bind` for one port,
 * because each query could then get either.
 */
export function groupByAddress(
  blocks: readonly ServerBlock[],
  faults: Faults,
): {
  addresses: ServedAddress[];
  warnings: CorefileWarning[];
} {
  const overlaps = new Overlaps();
  const groups = new Map<string, ServedAddress>();
  blocks.forEach(({ zones, listen }, block) => {
    for (const key of zones) {
      for (const address of listen.addresses ?? ['']) {
        faults.gather(() => {
          overlaps.add(key, address);
        });
        const { transport, port, zone } = key;
        const name = nameOfAddress({ transport, address, port });
        const group = groups.get(name);
        if (group === undefined) {
          const none = { sockets: 1, tls: undefined, timeouts: undefined, proxyProtocol: undefined, rrl: undefined };
          groups.set(name, { transport, address, port, ...none, zones: [{ zone, block }] });
        } else group.zones.push({ zone, block });
      }
    }
  });
  const addresses = [...groups.values()];
  return { addresses, warnings: addresses.flatMap((address) => settle(address, blocks)) };
}

/** The settings of an address. */
const SETTINGS = ['sockets', 'tls', 'timeouts', 'proxyProtocol', 'rrl'] as const;

/** Sets the values that the server blocks of an address give; returns warnings about settings without effect. */
function settle(address: ServedAddress, blocks: readonly ServerBlock[]): CorefileWarning[] {
  const sharing = [...new Set(address.zones.map(({ block }) => blocks[block]))];
  const having = (setting: keyof ListenSettings): ServerBlock | undefined =>
    sharing.find(({ listen }) => listen[setting] !== undefined);
  address.sockets = sharing[0].listen.sockets ?? 1;
  address.tls = having('tls')?.listen.tls;
  address.timeouts = having('timeouts')?.listen.timeouts;
  address.proxyProtocol = having('proxyProtocol')?.listen.proxyProtocol;
  address.rrl = having('rrl')?.listen.rrl;
  const inVain = SETTINGS.flatMap((setting) => {
    const from = setting === 'sockets' ? sharing[0] : having(setting);
    const ignored = sharing.filter(
      ({ listen }) => listen[setting] !== undefined && !isDeepStrictEqual(listen[setting], address[setting]),
    );
    return ignored.flatMap((block) => warnIgnored(block, setting, address, from));
  });
  const isBare = (address.transport === 'tls' || address.transport === 'https') && address.tls === undefined;
  const bare = `${nameOfAddress(address)} is not encrypted: the directive tls gives it a certificate`;
  return isBare ? [...inVain, corefileWarning(sharing[0].zones[0], bare)] : inVain;
}

function warnIgnored(
  block: ServerBlock,
  setting: (typeof SETTINGS)[number],
  address: ServedAddress,
  from: ServerBlock | undefined,
): CorefileWarning[] {
  const ignored = block.directives.filter(({ listen }) => listen[setting] !== undefined);
  const key = from?.zones[0];
  const first = `the server block at ${key?.file}:${key?.line}`;
  const value = setting === 'sockets' ? ` ${block.listen.sockets}` : '';
  const holds = setting === 'sockets' ? `has ${address.sockets} from ${first}` : `has that of ${first}`;
  return ignored.map((directive) =>
    corefileWarning(
      directive,
      `plugin/${directive.name}:${value} ignored for ${nameOfAddress(address)}, which ${holds}`,
    ),
  );
}

/** The served zones, to find duplicates. */
class Overlaps {
  /** The addresses, by transport, zone and port. */
  readonly #served = new Map<string, string[]>();

  add(key: ZoneKey, address: string): void {
    const name = `${key.transport}://${withLastDot(key.zone)}:${key.port}`;
    const on = (other: string): string => (other === '' ? name : `${name} on ${other}`);
    const served = this.#served.get(name) ?? [];
    this.#served.set(name, served);
    if (served.includes(address)) throw parsingError(key, `cannot serve ${on(address)} - it is already defined`);
    const other = address === '' ? served.at(-1) : served.find((bound) => bound === '');
    if (other !== undefined) {
      throw parsingError(key, `cannot serve ${on(address)} - zone overlap listener capacity with ${on(other)}`);
    }
    served.push(address);
  }
}
