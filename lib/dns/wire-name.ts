import { encoded } from './records/codec.js';

/** A name in wire format, without pointers. Throws the errors of `MessageWriter.name`. */
export function wireName(name: string): Buffer {
  return encoded((writer) => {
    writer.name(name, false);
  });
}

/** A name in wire format, in lower case and without pointers (RFC 4034 s.6.2, RFC 8945 s.4.3.3). Throws as {@link wireName}. */
export function canonicalName(name: string): Buffer {
  return encoded((writer) => {
    writer.lowersNames = true;
    writer.name(name, false);
  });
}
