/** EDNS(0) (RFC 6891): the OPT records of queries and replies. */
import { DNSSEC_OK, MAX_CODE, OPT_FIXED_SIZE, OPTION, OPTION_FIXED_SIZE, TYPE } from './numbers.js';
import type { MessageWriter } from './writer.js';

/** An EDNS option. `data` are its octets on the wire. */
export interface EdnsOption {
  /** OPTION-CODE, 0 to 65,535. */
  code: number;
  data: Buffer;
}

/** The contents of a query's OPT record. */
export interface Edns {
  /** The largest UDP payload that the client takes, as it sent it. A value below 512 means 512 (RFC 6891 s.6.2.3). */
  udpPayloadSize: number;
  /** DO: the client wants DNSSEC records (RFC 3225). */
  dnssecOk: boolean;
  options: readonly EdnsOption[];
}

/** The number of octets that {@link writeOpt} writes. */
export function optSize(options: readonly EdnsOption[]): number {
  return options.reduce((size, { data }) => size + OPTION_FIXED_SIZE + data.length, OPT_FIXED_SIZE);
}

/**
 * Writes the OPT record of a reply: the server's payload size, the upper eight bits of `rcode`, the DO of the query (RFC
 * 3225 s.3), and options. It repeats nothing else of the query's OPT (RFC 6891 s.6.1.1).
 */
export function writeOpt(
  writer: MessageWriter,
  payloadSize: number,
  rcode: number,
  dnssecOk: boolean,
  options: readonly EdnsOption[],
): void {
  writer.u8(0);
  writer.u16(TYPE.OPT);
  writer.u16(payloadSize);
  writer.u8(rcode >> 4);
  writer.u8(0);
  writer.u16(dnssecOk ? DNSSEC_OK : 0);
  writer.u16(optSize(options) - OPT_FIXED_SIZE);
  for (const { code, data } of options) {
    writer.u16(code);
    writer.u16(data.length);
    writer.bytes(data);
  }
}

/** Reads the options between `from` and `end`, which fill that space exactly. The data are copies. */
export function readOptions(bytes: Buffer, from: number, end: number): EdnsOption[] {
  const options: EdnsOption[] = [];
  for (let at = from; at < end;) {
    const length = bytes.readUInt16BE(at + 2);
    const start = at + OPTION_FIXED_SIZE;
    options.push({ code: bytes.readUInt16BE(at), data: Buffer.from(bytes.subarray(start, start + length)) });
    at = start + length;
  }
  return options;
}

/**
 * An Extended DNS Error (RFC 8914 s.2). `code`: 0 to 65,535; `text`: for people. Throws `RangeError` for an invalid code.
 */
export function extendedError(code: number, text: string): EdnsOption {
  if (!Number.isInteger(code) || code < 0 || code > MAX_CODE) {
    throw new RangeError(`invalid extended DNS error ${code}: an integer from 0 to 65,535`);
  }
  const data = Buffer.alloc(2 + Buffer.byteLength(text));
  data.writeUInt16BE(code);
  data.write(text, 2);
  return { code: OPTION.EXTENDED_ERROR, data };
}
