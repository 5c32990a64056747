/** The job that signs a zone file. */
import { nowAndThen, takeSteps } from '../../authority/jobs/steps.js';
import type { JobContext, ZoneJob, ZoneWork } from '../../authority/zone-job.js';
import { isLater } from '../../zone/serial.js';
import { writeAtomically } from '../../zone/signing/atomic-file.js';
import { ZoneSigner, type Denial } from '../../zone/signing/sign-zone.js';
import { unsignedZoneSteps } from '../../zone/signing/unsigned-zone.js';
import { readKeys, type KeySource } from './keys.js';
import { lifetime } from './reason.js';
import { readHead, sourcesLine, sourcesOf } from './signed-file.js';

/** The most warnings of one zone that are passed on. */
const MAX_WARNINGS = 10;

/** What is to be signed. */
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

/** How far the work is: names that are signed, and the number of all, which is not known while the file is read. */
export interface SignProgress {
  names: number;
  all: number | undefined;
}

/** What was signed. */
export interface SignOutput {
  serial: number;
  keyTags: readonly number[];
  /** The first records of the zone file that were left out. */
  warnings: readonly string[];
}

/**
 * Signs a zone file. Rejects with `ERR_MULTISOCKET_DNSSEC_KEY`, `ERR_MULTISOCKET_ZONE`, and system errors. An earlier signed
 * file stays then as it was.
 */
export const sign: ZoneJob<SignInput, SignOutput, SignProgress> = { module: 'dist/directives/sign/sign-file.js' };

const work: ZoneWork<SignInput, SignOutput, SignProgress> = async (input, context) => {
  const { origin, file, signed, denial } = input;
  const { signal, progress } = context;
  const keys = readKeys(input.keys, origin);
  const { data, files, warnings } = await takeSteps(unsignedZoneSteps(file, origin), signal, () => {
    progress({ names: 0, all: undefined });
  });
  const now = Date.now();
  const serial = await nextSerial(signed, origin, now);
  const signer = new ZoneSigner(data, { keys, denial, serial, ...lifetime(now) });
  await writeAtomically(signed, textOf(signer, sourcesLine(sourcesOf(files, keys, denial)), context));
  return { serial, keyTags: keys.all.map(({ tag }) => tag), warnings: warnings.slice(0, MAX_WARNINGS) };
};

export default work;

async function* textOf(
  signer: ZoneSigner,
  first: string,
  { signal, progress }: JobContext<SignProgress>,
): AsyncGenerator<string> {
  const report = nowAndThen(progress);
  let names = 0;
  yield first;
  for await (const part of signer.parts()) {
    signal.throwIfAborted();
    yield part.text;
    names += part.names;
    report({ names, all: signer.size });
  }
}

/** The time in seconds, as in CoreDNS; the number after that of the signed file if this has the same or a later one. */
async function nextSerial(signed: string, origin: string, now: number): Promise<number> {
  const serial = Math.floor(now / 1000) >>> 0;
  const before = await readHead(signed, origin).then(
    (head) => head.serial,
    () => undefined, // there is none
  );
  return before === undefined || isLater(serial, before) ? serial : (before + 1) >>> 0;
}
