/** When a zone has to be signed, with CoreDNS's times and words. */
import { stat } from 'node:fs/promises';
import { stateOf } from '../../dns/zone-file/zone-file.js';
import type { ZoneKeys } from '../../dnssec/zone-keys.js';
import type { Denial } from '../../zone/signing/sign-zone.js';
import { keyNames, readHead, type SignedHead, type Sources } from './signed-file.js';

const SECOND = 1000;
const HOUR = 3600;
const DAY = 24 * HOUR;
/** Signatures are renewed so many seconds after their inception. */
const RENEWAL = 6 * DAY;
/** Signatures are renewed if they end within so many seconds. */
const RESERVE = 7 * DAY;
/** Signatures begin that long before they are made, in seconds, and up to {@link INCEPTION_JITTER} earlier. */
const BEFORE = 3 * HOUR;
const INCEPTION_JITTER = 18 * HOUR;
/** Signatures end after so many seconds, and up to {@link EXPIRATION_JITTER} later. */
const LIFE = 32 * DAY;
const EXPIRATION_JITTER = 5 * DAY;

/** What is signed, and how. */
export interface Wanted {
  /** The zone's name, in the form of `Query.key`. */
  origin: string;
  /** The path of the zone file. */
  file: string;
  keys: ZoneKeys;
  denial: Denial;
}

/**
 * Why a signed file has to be made again: it is missing, made of something else, or its signatures are too old. Undefined:
 * it is good. `now`: milliseconds since 1970.
 */
export async function reasonToSign(signed: string, wanted: Wanted, now: number): Promise<string | undefined> {
  let head: SignedHead;
  try {
    head = await readHead(signed, wanted.origin);
  } catch (error) {
    return (error as Error).message;
  }
  return reasonOfTimes(head, now) ?? (await reasonOfSources(head, wanted));
}

function reasonOfTimes({ signatures }: SignedHead, now: number): string | undefined {
  if (signatures.length === 0) return 'its start has no signature of the SOA record';
  for (const { inception, expiration } of signatures) {
    const age = secondsFrom(inception, now);
    if (age > RENEWAL) return `inception ${timeText(inception)} was more than 6 days ago`;
    if (age < 0) return `inception ${timeText(inception)} is in the future`;
    if (-secondsFrom(expiration, now) < RESERVE) return `expiration ${timeText(expiration)} is less than 7 days away`;
  }
  return undefined;
}

async function reasonOfSources({ sources, written }: SignedHead, wanted: Wanted): Promise<string | undefined> {
  const { file, keys, denial } = wanted;
  if (sources === undefined) return (await stat(file)).mtimeMs > written ? `${file} is newer` : undefined;
  if (sources.denial !== denial) return `it denies names by ${sources.denial}`;
  if (sources.keys.join() !== keyNames(keys).join()) return `it was signed with the keys ${sources.keys.join(', ')}`;
  return changedFile(sources, file);
}

async function changedFile({ files }: Sources, file: string): Promise<string | undefined> {
  if (files[0]?.[0] !== file) return `it was made of ${files[0]?.[0] ?? 'no file'}`;
  for (const [path, state] of files) {
    const now = await stat(path).then(stateOf, (error: unknown) => (error as Error).message);
    if (now !== state) return `${path} has changed`;
  }
  return undefined;
}

/** Seconds from a time of 32 bits to now, negative if it is to come (RFC 4034 s.3.1.5). */
function secondsFrom(time: number, now: number): number {
  return (Math.floor(now / SECOND) - time) | 0;
}

function timeText(time: number): string {
  return JSON.stringify(new Date(time * SECOND).toISOString());
}

/** The time of signatures that are made now, in seconds since 1970, of 32 bits. */
export function lifetime(now: number): { inception: number; expiration: number } {
  const seconds = Math.floor(now / SECOND);
  const inception = seconds - BEFORE - Math.floor(Math.random() * INCEPTION_JITTER);
  const expiration = seconds + LIFE + Math.floor(Math.random() * EXPIRATION_JITTER);
  return { inception: inception >>> 0, expiration: expiration >>> 0 };
}
