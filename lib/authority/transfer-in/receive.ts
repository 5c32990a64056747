/** Receives a zone from a primary. */
import { randomInt } from 'node:crypto';
import { isIn } from '../../dns/names.js';
import { TYPE } from '../../dns/numbers.js';
import { TsigSecret, type TsigKey } from '../../dns/tsig.js';
import { TsigClient } from '../../message/tsig-client.js';
import { Differences } from '../../zone/apply-difference.js';
import { isLater } from '../../zone/serial.js';
import type { ZoneData } from '../../zone/zone-data.js';
import type { ZoneImage } from '../../zone/zone-image.js';
import { ZoneLoader, type EncodedRecord } from '../../zone/zone-loader.js';
import { writeQuery } from './message.js';
import { exchangeByStream, nameOfPrimary, type ExchangeLimits, type Primary } from './primary.js';
import { TransferReader, type TransferSink } from './transfer-reader.js';

/** The limits of a transfer. */
export interface TransferLimits extends ExchangeLimits {
  /** The records that a transfer may bring. */
  records: number;
}

/** The defaults: a rate of 1 KiB a second after the first minute, at most two hours, 2 GiB and 50,000,000 records. */
export const TRANSFER_LIMITS: TransferLimits = {
  idle: 30_000,
  octets: 2 ** 31,
  total: 60_000,
  perKib: 1000,
  longest: 7_200_000,
  records: 50_000_000,
};

/** Octets that the differences may have beyond those of the zone: longer ones are more work than the zone. */
const DIFFERENCE_ALLOWANCE = 2 ** 20;

/** What is wanted from a primary. */
export interface TransferRequest {
  /** The zone, in the form of `Query.key`. */
  origin: string;
  primary: Primary;
  key: TsigKey | undefined;
  /** The zone that is there; undefined: the whole zone is wanted. */
  image: ZoneImage | undefined;
  /** The serial number of {@link image}. */
  serial: number | undefined;
}

/** What a primary has sent. */
export interface ReceivedZone {
  /** The new zone; undefined: the primary has none that is later. */
  data: ZoneData | undefined;
  /** Whether differences have come instead of the whole zone. */
  incremental: boolean;
  /** The number of records, and of those that were left out since they are outside of the zone. */
  records: number;
  outside: number;
}

/**
 * Receives a zone by IXFR if there is an earlier one, else by AXFR; by AXFR too if the differences do not fit. Rejects with
 * an `Error` that names the primary and what it does wrong.
 */
export async function receiveZone(
  request: TransferRequest,
  signal: AbortSignal,
  limits: TransferLimits = TRANSFER_LIMITS,
): Promise<ReceivedZone> {
  const { image, serial, primary } = request;
  let reason = '';
  if (image !== undefined && serial !== undefined) {
    try {
      return await transfer(request, { image, serial }, signal, limits);
    } catch (error) {
      signal.throwIfAborted();
      reason = `IXFR: ${(error as Error).message}; AXFR: `;
    }
  }
  try {
    return await transfer(request, undefined, signal, limits);
  } catch (cause) {
    signal.throwIfAborted();
    throw new Error(`${nameOfPrimary(primary)}: ${reason}${(cause as Error).message}`, { cause });
  }
}

async function transfer(
  { origin, primary, key }: TransferRequest,
  base: { image: ZoneImage; serial: number } | undefined,
  signal: AbortSignal,
  limits: TransferLimits,
): Promise<ReceivedZone> {
  const id = randomInt(0x10000);
  const sink = new ZoneSink(origin, base?.image, limits.records);
  const reader = new TransferReader({ origin, id, serial: base?.serial }, sink);
  const query = writeQuery({ origin, id, type: base === undefined ? TYPE.AXFR : TYPE.IXFR }, base?.serial);
  const client = key === undefined ? undefined : new TsigClient(new TsigSecret(key));
  const take = (message: Buffer): boolean => {
    const isLast = reader.take(client?.open(message) ?? message);
    if (isLast) client?.finish();
    return isLast;
  };
  await exchangeByStream(primary, client?.sign(query) ?? query, take, limits, signal);
  const { records } = reader;
  const data = reader.form === 'current' ? undefined : sink.finish();
  return { data, incremental: reader.form === 'differences', records, outside: sink.outside };
}

/** Makes a zone of the records of a transfer. */
class ZoneSink implements TransferSink {
  readonly #origin: string;
  readonly #image: ZoneImage | undefined;
  readonly #most: number;
  #loader: ZoneLoader | undefined;
  #differences: Differences | undefined;
  #records = 0;
  #differenceOctets = 0;
  /** Records that are not in the zone. They are left out, as in BIND. */
  outside = 0;

  constructor(origin: string, image: ZoneImage | undefined, most: number) {
    this.#origin = origin;
    this.#image = image;
    this.#most = most;
  }

  whole(record: EncodedRecord): void {
    this.#loader ??= new ZoneLoader(this.#origin, 'transfer');
    if (this.#counts(record)) this.#loader.addEncoded(record, this.#records);
  }

  change(kind: 'remove' | 'add', record: EncodedRecord): void {
    if (this.#image === undefined) throw new Error('there is no zone to which differences apply');
    this.#differences ??= new Differences(this.#image);
    if (!this.#counts(record)) return;
    this.#differenceOctets += record.name.length + record.dataEnd;
    const { counts, labels } = this.#image;
    if (this.#differenceOctets > counts.octets + labels.length + DIFFERENCE_ALLOWANCE) {
      throw new Error('the differences are longer than the zone');
    }
    if (kind === 'add') this.#differences.add(record);
    else this.#differences.remove(record);
  }

  /** The zone. Throws `Error` if the records make none. */
  finish(): ZoneData {
    const data = this.#differences?.finish() ?? this.#loader?.finish();
    if (data === undefined) throw new Error('the transfer has no records');
    return data;
  }

  /** Counts a record; returns whether it is in the zone. */
  #counts({ name }: EncodedRecord): boolean {
    if (++this.#records > this.#most) throw new Error(`the transfer has more than ${this.#most} records`);
    if (isIn(name, this.#origin)) return true;
    this.outside++;
    return false;
  }
}

/** Whether a primary's zone is later than the one that is there, which may be none. */
export function isNewer(serial: number, own: number | undefined): boolean {
  return own === undefined || isLater(serial, own);
}
