import { chainFrom } from '../../authority/journal/journal.js';
import type { ServedZone, ServedZones } from '../../authority/served-zones.js';
import type { WorkerRuntime } from '../../corefile/directive.js';
import { CLASS, OPT_FIXED_SIZE } from '../../dns/numbers.js';
import { writeRecord, type ResourceRecord } from '../../dns/record.js';
import { MessageWriter } from '../../dns/writer.js';
import { withLastDot } from '../../dns/names.js';
import type { Handler } from '../../message/handler.js';
import { packRecords } from '../../message/pack-records.js';
import type { Query } from '../../message/query.js';
import { replyLimit } from '../../message/reply-limit.js';
import type { Reply } from '../../message/reply.js';
import { recordsOf, type Difference } from '../../zone/difference.js';
import { isLater } from '../../zone/serial.js';
import type { Zone } from '../../zone/zone.js';
import { useFor, type TransferOptions } from './targets.js';

/** The most transfers of a worker at a time. More get SERVFAIL, and come again. */
const MAX_TRANSFERS = 100;
/** Octets that OPT with its options takes: a cookie, and a short NSID. */
const OPT_ROOM = OPT_FIXED_SIZE + 64;

/** The part of a worker's runtime that {@link TransferHandler} needs. */
type Runtime = Pick<WorkerRuntime, 'logger' | 'maxPayloadSize'>;

/** Answers AXFR (RFC 5936) and IXFR (RFC 1995). */
export class TransferHandler {
  readonly #uses: readonly TransferOptions[];
  readonly #zones: ServedZones;
  readonly #runtime: Runtime;
  /** The number of transfers that have begun and not ended. */
  #running = 0;

  constructor(uses: readonly TransferOptions[], zones: ServedZones, runtime: Runtime) {
    this.#uses = uses;
    this.#zones = zones;
    this.#runtime = runtime;
  }

  /** Answers transfers of its zones; other queries go to `next`. */
  handle(query: Query, reply: Reply, next: Handler): void | Promise<void> {
    const { type, key } = query;
    if (type !== 'AXFR' && type !== 'IXFR') return next(query, reply);
    // AXFR needs a stream (RFC 5936 s.4.2), which HTTPS and gRPC are not.
    if (query.openStream === undefined && (type === 'AXFR' || query.transport !== 'udp')) {
      reply.rcode = 'REFUSED';
      return;
    }
    const use = useFor(this.#uses, key);
    if (use === undefined) return next(query, reply);
    const { address } = query.client;
    if (!use.everyone && !use.targets.some((target) => target.address === address)) {
      reply.rcode = 'REFUSED';
      return;
    }
    const served = this.#zones.find(key, type);
    if (served?.origin !== key) return next(query, reply);
    if (served.zone === undefined) reply.rcode = 'SERVFAIL';
    else if (type === 'AXFR') this.#sendZone(query, reply, served.zone);
    else this.#sendChanges(query, reply, served, served.zone);
  }

  #sendZone(query: Query, reply: Reply, zone: Zone): void {
    this.#stream(query, reply, zone, zone.transfer(), `transfer of ${zone.size + 1} records`);
  }

  #sendChanges(query: Query, reply: Reply, { differences = [] }: ServedZone, zone: Zone): void {
    const theirs = clientSerial(query);
    if (theirs === undefined) {
      reply.rcode = 'FORMERR';
      return;
    }
    const { serial, soa } = zone;
    reply.authoritative = true;
    const chain = chainFrom(differences, theirs, serial);
    if (theirs === serial || isLater(theirs, serial)) reply.answer(soa);
    else if (query.transport === 'udp') {
      if (chain !== undefined && this.#fits(query, changes(chain, soa))) reply.answer(...changes(chain, soa));
      // The SOA record alone: the client comes again by TCP (RFC 1995 s.2).
      else reply.answer(soa);
    } else if (chain === undefined || countOf(chain) >= zone.size) this.#sendZone(query, reply, zone);
    else {
      const what = `incremental transfer of ${countOf(chain)} records from serial ${theirs}`;
      this.#stream(query, reply, zone, changes(chain, soa), what);
    }
  }

  /** Whether a reply by UDP has room for records. */
  #fits(query: Query, records: Iterable<ResourceRecord>): boolean {
    const limit = replyLimit(query, this.#runtime.maxPayloadSize);
    const room = limit - (query.hasEdns ? OPT_ROOM : 0) - (query.signature?.signer.size ?? 0);
    const writer = new MessageWriter();
    writer.begin(Buffer.alloc(limit), 0, room, query.key);
    writer.at = query.questionEnd;
    for (const record of records) {
      writeRecord(writer, record, CLASS.IN);
      if (writer.overflowed) return false;
    }
    return true;
  }

  #stream(query: Query, reply: Reply, zone: Zone, records: Iterable<ResourceRecord>, what: string): void {
    if (this.#running >= MAX_TRANSFERS) {
      reply.rcode = 'SERVFAIL';
      return;
    }
    const { logger } = this.#runtime;
    const of = `of zone "${withLastDot(zone.origin)}" to ${query.client.address}, serial ${zone.serial}`;
    const done = reply.stream(packRecords(query, records));
    this.#running++;
    done
      .then(
        () => {
          logger.info(`plugin/transfer: outgoing ${what} ${of}`);
        },
        (error: unknown) => {
          logger.warn(`plugin/transfer: outgoing ${what} ${of} failed: ${(error as Error).message}`);
        },
      )
      .finally(() => this.#running--);
  }
}

/** The serial number of the client's version: that of the only record in the authority section (RFC 1995 s.3). */
function clientSerial(query: Query): number | undefined {
  try {
    const [soa, ...others] = query.message.authorities ?? [];
    if (others.length > 0 || soa.type !== 'SOA' || soa.name.toLowerCase() !== query.key) return undefined;
    return (soa.data as { serial: number }).serial;
  } catch {
    return undefined; // malformed, or missing
  }
}

/** The records of an incremental transfer (RFC 1995 s.4). */
function* changes(chain: readonly Difference[], soa: ResourceRecord): Generator<ResourceRecord, void, undefined> {
  yield soa;
  for (const difference of chain) yield* recordsOf(difference);
  yield soa;
}

function countOf(chain: readonly Difference[]): number {
  return chain.reduce((sum, { records }) => sum + records, 2);
}
