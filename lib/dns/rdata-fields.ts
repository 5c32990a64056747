/** What the RDATA of several types is made of. Each function throws `Error` for what is none. */
import { isIPv4, isIPv6 } from 'node:net';
import { inspect } from 'node:util';
import type { MessageWriter } from './writer.js';

/** Checks a number of a record; returns it. Throws `Error`, which names it. */
export function checkNumber(what: string, value: number | undefined, most: number): number {
  const number = value ?? 0;
  if (!Number.isInteger(number) || number < 0 || number > most) {
    throw new Error(`the ${what} ${inspect(number)} is not an integer from 0 to ${most}`);
  }
  return number;
}

/** An IPv4 address, numeric. */
export function writeA(writer: MessageWriter, data: string): void {
  if (!isIPv4(data)) throw new Error(`${inspect(data)} is no IPv4 address`);
  let octet = 0;
  for (let i = 0; i < data.length; i++) {
    const code = data.charCodeAt(i);
    if (code === 0x2e) {
      writer.u8(octet);
      octet = 0;
    } else {
      octet = octet * 10 + code - 0x30;
    }
  }
  writer.u8(octet);
}

/** An IPv6 address, numeric and without a zone. */
export function writeAaaa(writer: MessageWriter, data: string): void {
  if (!isIPv6(data) || data.includes('%')) throw new Error(`${inspect(data)} is no IPv6 address`);
  const [before, after = []] = data.split('::').map(groupsOf);
  for (const group of before) writer.u16(group);
  for (let left = 8 - before.length - after.length; left > 0; left--) writer.u16(0);
  for (const group of after) writer.u16(group);
}

/** The numbers of a part of an IPv6 address, whose end may be written as IPv4 (RFC 4291 s.2.2). */
function groupsOf(text: string): number[] {
  if (text === '') return [];
  return text.split(':').flatMap((group) => {
    if (!group.includes('.')) return parseInt(group, 16);
    const [a, b, c, d] = group.split('.').map(Number);
    return [(a << 8) | b, (c << 8) | d];
  });
}

/** A length and as many octets (RFC 1035 s.3.3). */
export function writeString(writer: MessageWriter, string: string | Uint8Array): void {
  const bytes = typeof string === 'string' ? Buffer.from(string) : string;
  if (!(bytes instanceof Uint8Array)) throw new Error(`a string or a Buffer is needed, not ${inspect(string)}`);
  if (bytes.length > 255) throw new Error('a string has more than 255 octets');
  writer.u8(bytes.length);
  writer.bytes(bytes);
}

/** A number of one octet; 0 where it is undefined. `what` is what errors call it. */
export function u8(writer: MessageWriter, what: string, value: number | undefined): void {
  writer.u8(checkNumber(what, value, 0xff));
}

/** A number of two octets; 0 where it is undefined. `what` is what errors call it. */
export function u16(writer: MessageWriter, what: string, value: number | undefined): void {
  writer.u16(checkNumber(what, value, 0xffff));
}

/** A number of four octets; 0 where it is undefined. `what` is what errors call it. */
export function u32(writer: MessageWriter, what: string, value: number | undefined): void {
  writer.u32(checkNumber(what, value, 0xffffffff));
}
