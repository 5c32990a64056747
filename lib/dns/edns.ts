/** EDNS(0), RFC 6891: what a client's OPT record says, and what ours does. */
import { DNSSEC_OK, OPTION, TYPE } from './numbers.js';
import type { MessageWriter } from './writer.js';

/** An EDNS option: `data` is as it goes on the wire. */
export interface EdnsOption {
  /** OPTION-CODE, 0 to 65,535. */
  code: number;
  data: Buffer;
}

/** What a query's OPT record says. */
export interface Edns {
  /** The largest UDP payload that the client takes, as it was sent; below 512 means 512 (RFC 6891 s.6.2.3). */
  udpPayloadSize: number;
  /** DO: the client wants DNSSEC records (RFC 3225). */
  dnssecOk: boolean;
  options: readonly EdnsOption[];
}

/** Octets of an OPT record without options. */
const OPT_SIZE = 11;
/** Octets that {@link writeOpt} writes. */
export function optSize(options: readonly EdnsOption[]): number {
  return options.reduce((size, { data }) => size + 4 + data.length, OPT_SIZE);
}

/**
 * Writes the OPT record of a reply: our payload size, the upper bits of the extended RCODE, the client's DO (RFC 3225
 * s.3), and options. Nothing else of the client's is echoed (RFC 6891 s.6.1.1).
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
  writer.u16(optSize(options) - OPT_SIZE);
  for (const { code, data } of options) {
    writer.u16(code);
    writer.u16(data.length);
    writer.bytes(data);
  }
}

/** Reads the options between `start` and `end`, which fill that space exactly. The data are copies. */
export function readOptions(bytes: Buffer, start: number, end: number): EdnsOption[] {
  const options: EdnsOption[] = [];
  for (let at = start; at < end;) {
    const length = bytes.readUInt16BE(at + 2);
    options.push({ code: bytes.readUInt16BE(at), data: Buffer.from(bytes.subarray(at + 4, at + 4 + length)) });
    at += 4 + length;
  }
  return options;
}

/** An Extended DNS Error (RFC 8914 s.2): `code` 0 to 65,535, `text` for humans. Throws `RangeError` for another code. */
export function extendedError(code: number, text: string): EdnsOption {
  if (!Number.isInteger(code) || code < 0 || code > 0xffff) {
    throw new RangeError(`invalid extended DNS error ${code}: 0 to 65,535`);
  }
  const data = Buffer.alloc(2 + Buffer.byteLength(text));
  data.writeUInt16BE(code);
  data.write(text, 2);
  return { code: OPTION.EXTENDED_ERROR, data };
}
