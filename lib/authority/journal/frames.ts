/**
 * The file of a journal: a line that names the format, then one frame for each difference, the oldest first. A frame is the
 * length of the difference in 4 octets, the SHA-256 of its octets, and the octets.
 */
import { createHash } from 'node:crypto';
import { readDifference, type Difference } from '../../zone/difference.js';

/** The first line of the file. */
const HEAD = Buffer.from('multisocket zone journal, format 1\n');
const LENGTH_SIZE = 4;
const DIGEST_SIZE = 32;

/** Octets of a difference's frame. */
export function frameSize({ octets }: Difference): number {
  return LENGTH_SIZE + DIGEST_SIZE + octets.length;
}

/** Octets of a file with these differences. */
export function fileSize(differences: readonly Difference[]): number {
  return differences.reduce((sum, difference) => sum + frameSize(difference), HEAD.length);
}

/** The contents of a file. */
export function encodeFile(differences: readonly Difference[]): Buffer {
  return Buffer.concat([HEAD, ...differences.map(encodeFrame)]);
}

/** The frame of a difference. */
export function encodeFrame({ octets }: Difference): Buffer {
  const frame = Buffer.alloc(LENGTH_SIZE + DIGEST_SIZE + octets.length);
  frame.writeUInt32BE(octets.length);
  digestOf(octets).copy(frame, LENGTH_SIZE);
  frame.set(octets, LENGTH_SIZE + DIGEST_SIZE);
  return frame;
}

/**
 * Reads the contents of a file. Returns the differences up to the first damaged or incomplete frame, of which each begins
 * with the serial number with which the one before ends. Empty for a file in another format, or of another zone. Their
 * octets share the memory of `contents`.
 */
export function decodeFile(contents: Uint8Array, origin: string): Difference[] {
  if (!HEAD.equals(contents.subarray(0, HEAD.length))) return [];
  const view = new DataView(contents.buffer, contents.byteOffset, contents.length);
  const differences: Difference[] = [];
  for (let at = HEAD.length; at + LENGTH_SIZE + DIGEST_SIZE <= contents.length;) {
    const start = at + LENGTH_SIZE + DIGEST_SIZE;
    const end = start + view.getUint32(at);
    if (end > contents.length) break;
    const octets = contents.subarray(start, end);
    if (!digestOf(octets).equals(contents.subarray(at + LENGTH_SIZE, start))) break;
    const difference = tryRead(octets, origin);
    const last = differences.at(-1);
    if (difference === undefined || (last !== undefined && last.newSerial !== difference.oldSerial)) break;
    differences.push(difference);
    at = end;
  }
  return differences;
}

function tryRead(octets: Uint8Array, origin: string): Difference | undefined {
  try {
    return readDifference(octets, origin);
  } catch {
    return undefined; // it belongs to another zone
  }
}

function digestOf(octets: Uint8Array): Buffer {
  return createHash('sha256').update(octets).digest();
}
