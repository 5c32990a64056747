/** How the data of a record type are read from the wire, written to it, read from text and written as text. */
import { inspect } from 'node:util';
import { MAX_RDATA } from '../numbers.js';
import { WireReader } from '../reader.js';
import { TextReader } from '../text/reader.js';
import { splitRecord } from '../text/tokens.js';
import { MessageWriter } from '../writer.js';

/** One field of RDATA. `what` names it in errors. Each method but `print` throws `Error` for an invalid value. */
export interface Field<T> {
  /** Reads wire format. */
  read(reader: WireReader): T;
  /** Writes wire format. */
  write(writer: MessageWriter, value: T, what: string): void;
  /** Reads text (RFC 1035 s.5.1). */
  parse(text: TextReader, what: string): T;
  /** Returns text; `''` for a field without one. */
  print(value: T): string;
}

/** The data of a record type. */
export interface RecordCodec {
  /** Reads RDATA: all that is left of `reader`. */
  read(reader: WireReader): unknown;
  /** Writes RDATA. */
  write(writer: MessageWriter, data: unknown): void;
  /** Reads presentation form. */
  parse(text: TextReader): unknown;
  /** Returns presentation form. Throws `Error` for malformed data. */
  print(data: unknown): string;
}

/** Data that are one value: `'192.0.2.1'`. */
export function single<T>(what: string, field: Field<T>): RecordCodec {
  return {
    read: (reader) => field.read(reader),
    write: (writer, data) => {
      field.write(writer, data as T, what);
    },
    parse: (text) => field.parse(text, what),
    print: (data) => field.print(data as T),
  };
}

/** Data that are an object with a property for each field, in the order of the wire. */
export function shaped(fields: Readonly<Record<string, Field<unknown>>>): RecordCodec {
  const entries = Object.entries(fields);
  const each = (value: (name: string, field: Field<unknown>) => unknown): unknown => {
    const data: Record<string, unknown> = {};
    for (const [name, field] of entries) data[name] = value(name, field);
    return data;
  };
  return {
    read: (reader) => each((_, field) => field.read(reader)),
    write(writer, data) {
      if (typeof data !== 'object' || data === null)
        throw new Error(`the data must be an object, not ${inspect(data)}`);
      for (const [name, field] of entries) field.write(writer, (data as Record<string, unknown>)[name], name);
    },
    parse: (text) => each((name, field) => field.parse(text, name)),
    print: (data) => printed(entries.map(([name, field]) => field.print((data as Record<string, unknown>)[name]))),
  };
}

/** A field of {@link octets} and its name in errors. */
export type NamedField = readonly [what: string, field: Field<unknown>];

/**
 * Data that are RDATA as a Buffer. Text in presentation form with absolute names can be written, too. No field is a
 * name that may be compressed (RFC 3597 s.4).
 */
export function octets(...fields: readonly NamedField[]): RecordCodec {
  const codec = {
    read: (reader: WireReader) => reader.rest(),
    write(writer: MessageWriter, data: unknown) {
      if (typeof data !== 'string') throw new Error(`the data must be a Buffer or text, not ${inspect(data)}`);
      const text = new TextReader(splitRecord(data), '.');
      writer.bytes(codec.parse(text));
      text.end();
    },
    parse: (text: TextReader) =>
      encoded((writer) => {
        for (const [what, field] of fields) field.write(writer, field.parse(text, what), what);
      }),
    print(data: unknown) {
      const reader = new WireReader(data as Buffer);
      const texts = fields.map(([, field]) => field.print(field.read(reader)));
      if (reader.left > 0) throw new Error(`${reader.left} octets too many`);
      return printed(texts);
    },
  };
  return codec;
}

function printed(fields: readonly string[]): string {
  return fields.filter((text) => text !== '').join(' ');
}

/** Valid until the next call. */
const scratch = Buffer.alloc(MAX_RDATA);

/** The octets that `write` writes, names uncompressed. Throws `Error` if they are too long for RDATA. */
export function encoded(write: (writer: MessageWriter) => void): Buffer {
  const writer = new MessageWriter();
  writer.compresses = false;
  writer.begin(scratch, 0, MAX_RDATA, '.');
  write(writer);
  if (writer.overflowed) throw new Error(`the data have more than ${MAX_RDATA} octets`);
  return Buffer.from(scratch.subarray(0, writer.at));
}
