import { HEADER_SIZE, MAX_LABEL, MAX_NAME, MAX_POINTER, POINTER } from './numbers.js';

/**
 * Calls `each` with the offset and the length of each label of the name at `from`, of which the part before the first
 * pointer ends by `to`. Returns the offset behind that part. Throws `Error` for a malformed name (RFC 1035 s.3.1, s.4.1.4).
 */
export function walkName(
  bytes: Buffer,
  from: number,
  to: number,
  each: (start: number, length: number) => void,
): number {
  let size = 1;
  let at = from;
  let end = to;
  let behind: number | undefined;
  for (;;) {
    if (at >= end) throw new Error('the message ends within a name');
    const length = bytes[at];
    if (length >= POINTER) {
      if (at + 2 > end) throw new Error('the message ends within a name');
      const target = bytes.readUInt16BE(at) & MAX_POINTER;
      behind ??= at + 2;
      // RFC 1035 s.4.1.4: a prior place. This ends every chain of pointers.
      if (target >= at) throw new Error('a name has a pointer that does not point backwards');
      if (target < HEADER_SIZE) throw new Error('a name has a pointer into the header');
      [end, at] = [at, target];
    } else if (length > MAX_LABEL) {
      throw new Error('a name has an invalid label type');
    } else if (length === 0) {
      return behind ?? at + 1;
    } else {
      size += length + 1;
      if (size > MAX_NAME) throw new Error(`a name has more than ${MAX_NAME} octets`);
      if (at + 1 + length > end) throw new Error('the message ends within a name');
      each(at + 1, length);
      at += length + 1;
    }
  }
}
