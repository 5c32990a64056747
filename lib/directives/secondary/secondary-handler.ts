import type { ServedZones } from '../../authority/served-zones.js';
import { ZoneHandler } from '../../authority/zone-handler.js';
import { NetworkSet, parseNetwork } from '../../dns/networks.js';
import type { Handler } from '../../message/handler.js';
import type { Query } from '../../message/query.js';
import type { Reply } from '../../message/reply.js';
import { TsigVerifier } from '../../worker/tsig-verifier.js';
import { sourcesOf, type SecondaryOptions } from './options.js';

/** Milliseconds in which a worker reports one NOTIFY of a zone: the owner's thread gets few messages of a flood. */
const REPORT_INTERVAL = 100;

/** A worker has received NOTIFY from a primary: its index among those of the source. */
export interface NotifyReport {
  source: string;
  primary: number;
}

/** Who may send NOTIFY for a zone. */
interface Notified {
  source: string;
  primaries: readonly NetworkSet[];
  /** The key that signs NOTIFY; undefined: none need be signed. */
  key: { name: string; verifier: TsigVerifier } | undefined;
  /** When the last one was reported. */
  reportedAt: number;
  /** Whether another report follows. */
  reportDue: boolean;
}

/** The handler of `secondary` in a worker: answers queries from its zones, and NOTIFY from the primaries (RFC 1996). */
export class SecondaryHandler extends ZoneHandler {
  /** Whether it looks at the TSIG records of queries. */
  readonly checksSignatures: boolean;
  readonly #notified: ReadonlyMap<string, Notified>;
  readonly #tell: (report: NotifyReport) => void;

  constructor(uses: readonly SecondaryOptions[], zones: ServedZones, tell: (report: NotifyReport) => void) {
    super(zones);
    this.#tell = tell;
    const entries = uses.flatMap(sourcesOf).map(({ source, origin, primaries, key }): [string, Notified] => {
      const sets = primaries.map(({ address }) => setOf(address));
      const verified =
        key === undefined
          ? undefined
          : { name: key.name, verifier: new TsigVerifier({ keys: [key], required: false }) };
      return [origin, { source, primaries: sets, key: verified, reportedAt: -Infinity, reportDue: false }];
    });
    this.#notified = new Map(entries);
    this.checksSignatures = entries.some(([, { key }]) => key !== undefined);
  }

  override handle(query: Query, reply: Reply, next: Handler): void | Promise<void> {
    if (query.opcode === 'NOTIFY') this.#notify(query, reply);
    else return super.handle(query, reply, next);
  }

  /** The response codes are those of BIND. */
  #notify(query: Query, reply: Reply): void {
    reply.cache({ ttl: 0 });
    const zone = this.#notified.get(query.key);
    if (query.type !== 'SOA') {
      reply.rcode = 'FORMERR';
      return;
    }
    if (zone === undefined || query.class !== 'IN') {
      reply.rcode = 'NOTAUTH';
      return;
    }
    const primary = zone.primaries.findIndex((set) => set.has(query.client.address));
    if (primary < 0) {
      reply.rcode = 'REFUSED';
      return;
    }
    if (zone.key !== undefined) {
      // `tsig` has checked it already, if the server block has it.
      if (query.signature === undefined && !zone.key.verifier.admits(query, reply)) return;
      if (query.tsig?.key !== zone.key.name) {
        reply.rcode = 'REFUSED';
        return;
      }
    }
    reply.rcode = 'NOERROR';
    reply.authoritative = true;
    // One more report is due: it begins after this NOTIFY, which a check in progress may have missed.
    if (zone.reportDue) return;
    const wait = zone.reportedAt + REPORT_INTERVAL - performance.now();
    zone.reportDue = true;
    setTimeout(
      () => {
        zone.reportDue = false;
        zone.reportedAt = performance.now();
        this.#tell({ source: zone.source, primary });
      },
      Math.max(0, wait),
    ).unref();
  }
}

/** The set of one address; the zone of a link-local one does not count. */
function setOf(address: string): NetworkSet {
  const network = parseNetwork(address.split('%')[0]);
  return new NetworkSet(network === undefined ? [] : [network]);
}
