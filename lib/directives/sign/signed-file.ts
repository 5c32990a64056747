/** What a signed zone file says of itself at its start. */
import { open } from 'node:fs/promises';
import type packet from 'dns-packet';
import { parseZoneFile, type ZoneFiles } from '../../dns/zone-file/zone-file.js';
import type { ZoneKeys } from '../../dnssec/zone-keys.js';
import type { Denial } from '../../zone/signing/sign-zone.js';

/** What a signed file was made of. */
export interface Sources {
  /** The files of the zone, each with its state when it was read. */
  files: readonly (readonly [path: string, state: string])[];
  /** The keys, each by algorithm and key tag. */
  keys: readonly string[];
  denial: Denial;
}

/** The start of a signed file. */
export interface SignedHead {
  /** Undefined if `sign` has not written the file. */
  sources: Sources | undefined;
  /** The serial number of the SOA record; undefined if it does not stand at the start. */
  serial: number | undefined;
  /** The signatures of the SOA record. */
  signatures: readonly packet.RrsigData[];
  /** When the file was written, in milliseconds since 1970. */
  written: number;
}

/** Octets that are read. */
const HEAD_SIZE = 1 << 16;
const LEADER = '; multisocket sign: ';

/** What is signed, from what. */
export function sourcesOf(files: ZoneFiles, keys: ZoneKeys, denial: Denial): Sources {
  return { files: [...files], keys: keyNames(keys), denial };
}

/** Algorithm and tag of each key: `13 34505`. */
export function keyNames({ all }: ZoneKeys): string[] {
  return all.map(({ data, tag }) => `${data.algorithm} ${tag}`).sort();
}

/** The line of a file that says what it was made of: a comment. */
export function sourcesLine(sources: Sources): string {
  return `${LEADER}${JSON.stringify(sources)}\n`;
}

/** Reads the start of a signed file of the zone `origin`. Rejects with a system error if it cannot be read. */
export async function readHead(file: string, origin: string): Promise<SignedHead> {
  const handle = await open(file);
  try {
    const { mtimeMs } = await handle.stat();
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(HEAD_SIZE), 0, HEAD_SIZE, 0);
    const text = buffer.toString('latin1', 0, bytesRead);
    return { ...headOf(text.slice(0, text.lastIndexOf('\n') + 1), file, origin), written: mtimeMs };
  } finally {
    await handle.close();
  }
}

function headOf(text: string, file: string, origin: string): Omit<SignedHead, 'written'> {
  let serial: number | undefined;
  const signatures: packet.RrsigData[] = [];
  parseZoneFile(text, file, origin, {
    onRecord({ type, data }) {
      if (type === 'SOA') serial = (data as packet.SoaData).serial;
      if (type === 'RRSIG' && (data as packet.RrsigData).typeCovered === 'SOA')
        signatures.push(data as packet.RrsigData);
    },
    // Entries may be cut off, and what else is wrong is replaced by the next signing.
    onFault: () => undefined,
  });
  return { sources: sourcesIn(text), serial, signatures };
}

function sourcesIn(text: string): Sources | undefined {
  const line = text.slice(0, text.indexOf('\n'));
  if (!line.startsWith(LEADER)) return undefined;
  try {
    return JSON.parse(Buffer.from(line.slice(LEADER.length), 'latin1').toString()) as Sources;
  } catch {
    return undefined; // somebody has changed it
  }
}
