/** Reads the fields of a record's RDATA from its tokens. Each method throws `Error` with what it expected. */
import { isIPv4, isIPv6, SocketAddress } from 'node:net';
import { unescape } from '../escapes.js';
import { absoluteName } from '../names.js';
import type { Token } from './tokens.js';

const TTL = /^(?:\d+[smhdw]?)+$/i;
const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86400, w: 604800 };
/** RFC 2181 s.8. */
const MAX_TTL = 0x7fffffff;

/** Seconds of `3600` or `1h30m`; undefined for what is no TTL. Throws `Error` for one above 2^31 - 1. */
export function parseTtl(text: string): number | undefined {
  if (!TTL.test(text)) return undefined;
  let seconds = 0;
  for (const [, number, unit] of text.matchAll(/(\d+)([a-z]?)/gi)) {
    seconds += Number(number) * SECONDS[unit === '' ? 's' : unit.toLowerCase()];
  }
  if (seconds > MAX_TTL) throw new Error(`the time ${text} is more than ${MAX_TTL} seconds`);
  return seconds;
}

/** See the file's head. */
export class Fields {
  readonly #tokens: readonly Token[];
  readonly #origin: string;
  #next = 0;

  /** `origin` is what relative names are relative to. */
  constructor(tokens: readonly Token[], origin: string) {
    this.#tokens = tokens;
    this.#origin = origin;
  }

  /** The text of the next token, escapes not resolved. */
  word(what: string): string {
    const token = this.#tokens.at(this.#next);
    if (token === undefined) throw new Error(`${what} is missing`);
    this.#next++;
    return token.text;
  }

  /** Whether all has been read. */
  get atEnd(): boolean {
    return this.#next === this.#tokens.length;
  }

  /** Checks that all has been read. */
  end(): void {
    if (!this.atEnd) throw new Error(`${this.word('')} was not expected at the end`);
  }

  /** An unsigned integer of so many bits. */
  integer(bits: 8 | 16 | 32): number {
    const text = this.word('a number');
    if (!/^\d+$/.test(text) || Number(text) >= 2 ** bits) throw new Error(`${text} is no number of ${bits} bits`);
    return Number(text);
  }

  /** A time in seconds, with or without units. */
  time(): number {
    const text = this.word('a time');
    const seconds = parseTtl(text);
    if (seconds === undefined) throw new Error(`${text} is no time`);
    return seconds;
  }

  /** A name, made absolute. */
  name(): string {
    const text = this.word('a name');
    return text === '@' ? this.#origin : absoluteName(text, this.#origin);
  }

  /** An IPv4 address. */
  ipv4(): string {
    return checkIPv4(this.word('an IPv4 address'));
  }

  /** An IPv6 address, in the form of RFC 5952. */
  ipv6(): string {
    return checkIPv6(this.word('an IPv6 address'));
  }

  /** The octets of a string of any length. */
  text(): Buffer {
    return Buffer.from(unescape(this.word('a string')), 'latin1');
  }

  /** The octets of a character-string (RFC 1035 s.3.3). */
  string(): Buffer {
    const octets = this.text();
    if (octets.length > 255) throw new Error('a string has more than 255 octets');
    return octets;
  }

  /** All that is left, as character-strings. */
  strings(): Buffer[] {
    const strings = [this.string()];
    while (!this.atEnd) strings.push(this.string());
    return strings;
  }

  /** All that is left, as hexadecimal digits. */
  hex(): Buffer {
    const text = this.#rest('hexadecimal digits');
    if (!/^(?:[\da-f]{2})+$/i.test(text)) throw new Error(`${text} are no pairs of hexadecimal digits`);
    return Buffer.from(text, 'hex');
  }

  /** All that is left, as Base64. */
  base64(): Buffer {
    return parseBase64(this.#rest('Base64'));
  }

  #rest(what: string): string {
    let text = this.word(what);
    while (!this.atEnd) text += this.word(what);
    return text;
  }
}

/** Returns an IPv4 address. Throws `Error` for what is none. */
export function checkIPv4(text: string): string {
  if (!isIPv4(text)) throw new Error(`${text} is no IPv4 address`);
  return text;
}

/** Returns an IPv6 address in the form of RFC 5952. Throws `Error` for what is none. */
export function checkIPv6(text: string): string {
  if (!isIPv6(text) || text.includes('%')) throw new Error(`${text} is no IPv6 address`);
  return new SocketAddress({ address: text, family: 'ipv6' }).address;
}

/** The octets of Base64 (RFC 4648 s.4). Throws `Error` for what is none. */
export function parseBase64(text: string): Buffer {
  const octets = Buffer.from(text, 'base64');
  if (octets.toString('base64') !== text) throw new Error(`${text} is no Base64`);
  return octets;
}
