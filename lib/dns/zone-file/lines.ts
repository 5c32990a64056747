import { closeSync, openSync, readSync } from 'node:fs';
import { MAX_LINE } from '../text/tokens.js';

const PIECE = 256 * 1024;
const NEWLINE = 0x0a;
/** Shared by all reads: its text is taken before another one can run. */
const buffer = Buffer.allocUnsafeSlow(PIECE);

/**
 * The text of a file, one character for each octet, in pieces that end with a newline, but for the last one. It ends early
 * in a line of more than {@link MAX_LINE} octets. `onRead` receives the number of octets of each read. Throws a system error
 * if the file cannot be read.
 */
export function* linesOf(file: string, onRead: (octets: number) => void): Generator<string> {
  const fd = openSync(file, 'r');
  try {
    /** The beginning of a line whose end has not been read yet. */
    let begun = '';
    for (;;) {
      const octets = readSync(fd, buffer, 0, PIECE, null);
      if (octets === 0) break;
      onRead(octets);
      const end = buffer.subarray(0, octets).lastIndexOf(NEWLINE) + 1;
      const rest = buffer.toString('latin1', end, octets);
      if (end === 0) begun += rest;
      else {
        const lines = begun + buffer.toString('latin1', 0, end);
        begun = rest;
        yield lines;
      }
      if (begun.length > MAX_LINE) break;
    }
    if (begun !== '') yield begun;
  } finally {
    closeSync(fd);
  }
}
