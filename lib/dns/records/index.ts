/** The record types that this library reads and writes, each with its codec. */
import { inspect } from 'node:util';
import { MAX_RDATA } from '../numbers.js';
import { typeNumber } from '../registry.js';
import { WireReader } from '../reader.js';
import { parseHex, type TextReader } from '../text/reader.js';
import type { MessageWriter } from '../writer.js';
import { addressRecords } from './addresses.js';
import { certificateRecords } from './certificates.js';
import { encoded, type RecordCodec } from './codec.js';
import { dnssecRecords } from './dnssec.js';
import { locationRecords } from './location.js';
import { nameRecords } from './names.js';
import { svcb } from './svcb.js';
import { textRecords } from './text.js';

const byName: Readonly<Record<string, RecordCodec>> = {
  ...addressRecords,
  ...nameRecords,
  ...textRecords,
  ...dnssecRecords,
  ...certificateRecords,
  ...locationRecords,
  SVCB: svcb,
  HTTPS: svcb,
};

const codecs = new Map<number | undefined, RecordCodec>(
  Object.entries(byName).map(([name, codec]) => [typeNumber(name), codec]),
);

/** The codec of a type; undefined for a type whose data are octets alone. */
export function codecOf(type: number): RecordCodec | undefined {
  return codecs.get(type);
}

/**
 * Writes RDLENGTH and RDATA. A Buffer is RDATA, except for `'TXT'`, where it is one string. `name` is the type as the
 * record has it, `type` its number.
 *
 * Throws `Error` for data that do not fit the type.
 */
export function writeRdata(writer: MessageWriter, type: number, name: string, data: unknown): void {
  if (data instanceof Uint8Array && name !== 'TXT') {
    if (data.length > MAX_RDATA) throw new Error('RDATA has more than 65,535 octets');
    writer.u16(data.length);
    writer.bytes(data);
    return;
  }
  const codec = codecs.get(type);
  if (codec === undefined) throw new Error(`the data of ${name} must be a Buffer, not ${inspect(data)}`);
  writer.sized(() => {
    codec.write(writer, data);
  });
}

/**
 * Reads RDATA: all that is left of `reader`. The data of a type without a codec are a Buffer. Throws `Error` for
 * malformed RDATA.
 */
export function readRdata(reader: WireReader, type: number): unknown {
  const codec = codecs.get(type);
  if (codec === undefined) return reader.rest();
  const data = codec.read(reader);
  if (reader.left > 0) throw new Error(`the RDATA has ${reader.left} octets too many`);
  return data;
}

/**
 * Reads RDATA from text: in the form of the type, or in that of RFC 3597 s.5, `\# LENGTH HEX`, which every type has.
 * Throws `Error` that names the invalid token.
 */
export function parseRdata(text: TextReader, type: number, name: string): unknown {
  if (text.following === '\\#') return parseGeneric(text, type, name);
  const codec = codecs.get(type);
  if (codec === undefined) throw new Error(`the type ${name} has no text form but \\# LENGTH HEX (RFC 3597 section 5)`);
  const data = codec.parse(text);
  text.end();
  return data;
}

/**
 * The data of a record as text: in the form of the type, or in that of RFC 3597 s.5 if they are malformed or the type
 * has no form. Throws `Error` for data that {@link writeRdata} refuses.
 */
export function printRdata(type: number, name: string, data: unknown): string {
  const rdata = encoded((writer) => {
    writeRdata(writer, type, name, data);
  }).subarray(2);
  const codec = codecs.get(type);
  try {
    if (codec !== undefined) return codec.print(readRdata(new WireReader(rdata), type));
  } catch {
    // malformed data are shown as octets
  }
  return `\\# ${rdata.length} ${rdata.toString('hex').toUpperCase()}`.trimEnd();
}

function parseGeneric(text: TextReader, type: number, name: string): unknown {
  text.word('\\#');
  const length = text.integer('the length', MAX_RDATA);
  const rdata = length === 0 && text.atEnd ? Buffer.alloc(0) : parseHex('RDATA', text.rest('the RDATA'));
  if (rdata.length !== length) throw new Error(`\\# announces ${length} octets and has ${rdata.length}`);
  const codec = codecs.get(type);
  if (codec === undefined) return rdata;
  try {
    const data = readRdata(new WireReader(rdata), type);
    codec.print(data); // throws for malformed data
    return data;
  } catch (error) {
    throw new Error(`the octets are not RDATA of ${name}: ${(error as Error).message}`, { cause: error });
  }
}
