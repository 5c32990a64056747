import { LENGTH_PREFIX } from './numbers.js';

/** A message as a stream carries it, behind its length (RFC 1035 s.4.2.2). */
export function framed(message: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(LENGTH_PREFIX + message.length);
  frame.writeUInt16BE(message.length);
  frame.set(message, LENGTH_PREFIX);
  return frame;
}
