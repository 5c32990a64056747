/** Signs a zone file. */
import type { ZoneKeys } from '../../dnssec/zone-keys.js';
import { isLater } from '../../zone/serial.js';
import { writeAtomically } from '../../zone/signing/atomic-file.js';
import { ZoneSigner, type Denial } from '../../zone/signing/sign-zone.js';
import { readUnsigned } from '../../zone/signing/unsigned-zone.js';
import { readKeys, type KeySource } from './keys.js';
import { lifetime } from './reason.js';
import { readHead, sourcesLine, sourcesOf } from './signed-file.js';

/** What is to be signed. It is plain data. */
export interface SignInput {
  /** The zone's name, in the form of `Query.key`. */
  origin: string;
  /** The path of the zone file. */
  file: string;
  /** The path of the signed file. */
  signed: string;
  keys: readonly KeySource[];
  denial: Denial;
}

/** How far the work is, in names. */
export interface SignProgress {
  names: number;
  of: number;
}

/** What was signed. */
export interface SignOutput {
  serial: number;
  keyTags: readonly number[];
  /** Records of the zone file that were left out. */
  warnings: readonly string[];
}

/** What the work is done with. */
export interface SignContext {
  signal: AbortSignal;
  progress: (progress: SignProgress) => void;
}

/**
 * Signs a zone file. Rejects with `ERR_MULTISOCKET_DNSSEC_KEY`, `ERR_MULTISOCKET_ZONE`, system errors, and the reason of
 * `signal`. An earlier signed file stays then.
 */
export async function signFile(input: SignInput, context: SignContext): Promise<SignOutput> {
  const { origin, file, signed, denial } = input;
  const keys = readKeys(input.keys, origin);
  const { data, files, warnings } = readUnsigned(file, origin);
  const now = Date.now();
  const serial = await nextSerial(signed, origin, now);
  const signer = new ZoneSigner(data, { keys, denial, serial, ...lifetime(now) });
  await writeAtomically(signed, textOf(signer, sourcesLine(sourcesOf(files, keys, denial)), context));
  return { serial, keyTags: tagsOf(keys), warnings };
}

/** The key tags in the order of the keys. */
export function tagsOf({ all }: ZoneKeys): number[] {
  return all.map(({ tag }) => tag);
}

async function* textOf(signer: ZoneSigner, first: string, { signal, progress }: SignContext): AsyncGenerator<string> {
  yield first;
  let done = 0;
  for await (const { text, names } of signer.parts()) {
    signal.throwIfAborted();
    yield text;
    done += names;
    progress({ names: done, of: signer.size });
  }
}

/** The time in seconds, as in CoreDNS; the next number if the signed file has that one or a later one. */
async function nextSerial(signed: string, origin: string, now: number): Promise<number> {
  const serial = Math.floor(now / 1000) >>> 0;
  const before = await readHead(signed, origin).then(
    (head) => head.serial,
    () => undefined, // there is none
  );
  return before === undefined || isLater(serial, before) ? serial : (before + 1) >>> 0;
}
