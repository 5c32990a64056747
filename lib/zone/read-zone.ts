/** Makes zones of zone files (RFC 1035 s.5, RFC 2308 s.4, RFC 3597 s.5; `$GENERATE` as in BIND). */
import { realpathSync } from 'node:fs';
import { relative, resolve, sep } from 'node:path';
import { invalidType } from '../errors.js';
import {
  atOnce,
  parseZoneFile,
  readZoneFile,
  zoneFileSteps,
  type ZoneFileProgress,
  type Include,
  type OnFault,
  type ZoneFiles,
} from '../dns/zone-file/zone-file.js';
import { checkedName } from './arguments.js';
import { Zone } from './zone.js';
import { ZoneLoader } from './zone-loader.js';

/** Options of {@link parseZone}. */
export interface ParseZoneOptions {
  /** The zone's name, in presentation form, with or without the last dot. */
  origin: string;
  /** The name of the text in errors and warnings; default `'zone'`. */
  file?: string;
  /** A folder. `$INCLUDE` may name files in it, relative to it. Default: `$INCLUDE` is an error, no file is read. */
  include?: string;
}

/** Options of {@link readZone}. */
export interface ReadZoneOptions {
  /** The zone's name, in presentation form, with or without the last dot. */
  origin: string;
}

/** A zone and the files that it was read from. */
export interface ReadZone {
  zone: Zone;
  files: ZoneFiles;
}

/**
 * Makes a zone of the text of a zone file. Characters outside of ASCII stand for their UTF-8.
 *
 * Throws `ERR_MULTISOCKET_ZONE` with the message `FILE:LINE: REASON`, and `ERR_INVALID_ARG_TYPE` or
 * `ERR_INVALID_ARG_VALUE` for an invalid argument.
 */
export function parseZone(text: string | Uint8Array, options: ParseZoneOptions): Zone {
  const { file = 'zone', include } = options;
  const origin = checkedName('origin', options.origin);
  const loader = new ZoneLoader(origin, file);
  const rule = include === undefined ? noFile : filesIn(include);
  parseZoneFile(octets(text), file, origin, { onRecord: loader.add, include: rule });
  return new Zone(loader.finish(), loader.warnings);
}

/**
 * Makes a zone of a zone file and the files that it includes: any file, relative to the folder of the file that includes it.
 *
 * Throws like {@link parseZone}, and a system error if `file` cannot be read.
 */
export function readZone(file: string, options: ReadZoneOptions): Zone {
  return atOnce(readZoneSteps(file, checkedName('origin', options.origin))).zone;
}

/**
 * Reads a zone in steps of some milliseconds, and returns it with the files that it comes from. `origin` is in the form of
 * `Query.key`. Throws like {@link readZone}.
 */
export function* readZoneSteps(file: string, origin: string): Generator<ZoneFileProgress, ReadZone> {
  const loader = new ZoneLoader(origin, file);
  const files = yield* zoneFileSteps(file, origin, { onRecord: loader.add });
  return { zone: new Zone(loader.finish(), loader.warnings), files };
}

/** Reads a zone file to find all its errors, and the warnings. Throws a system error if `file` cannot be read. */
export function checkZoneFile(file: string, origin: string): { faults: Error[]; warnings: readonly string[] } {
  const faults: Error[] = [];
  const onFault: OnFault = (fault) => faults.push(fault);
  const loader = new ZoneLoader(origin, file, onFault);
  readZoneFile(file, origin, { onRecord: loader.add, onFault });
  try {
    loader.finish();
  } catch (error) {
    // A line that could not be read may be the missing SOA.
    if (faults.length === 0) faults.push(error as Error);
  }
  return { faults, warnings: loader.warnings };
}

const noFile: Include = () => {
  throw new Error('$INCLUDE is refused: the option "include" can name a folder with files for it');
};

/** Allows the files of a folder, without links that lead out of it. */
function filesIn(folder: string): Include {
  return (path) => {
    const file = resolve(folder, path);
    const within = relative(realpathSync(folder), realpathSync(file));
    if (within === '..' || within.startsWith(`..${sep}`)) {
      throw new Error(`$INCLUDE of ${JSON.stringify(path)} is refused: the file is not in ${folder}`);
    }
    return file;
  };
}

/** A text with one character for each octet. */
function octets(text: string | Uint8Array): string {
  if (typeof text === 'string') return /[^\0-\x7f]/.test(text) ? Buffer.from(text).toString('latin1') : text;
  if ((text as unknown) instanceof Uint8Array)
    return Buffer.from(text.buffer, text.byteOffset, text.length).toString('latin1');
  throw invalidType('text', 'a string or a Uint8Array', text);
}
