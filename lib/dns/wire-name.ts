import { MAX_NAME } from './numbers.js';
import { MessageWriter } from './writer.js';

/** A name in wire format, without pointers. Throws the errors of `MessageWriter.name`. */
export function wireName(name: string): Uint8Array {
  const octets = new Uint8Array(MAX_NAME);
  const writer = new MessageWriter();
  writer.begin(octets, 0, MAX_NAME, '.');
  writer.name(name, false);
  return octets.subarray(0, writer.at);
}
