/** Reads the tokens of a record one after the other. */
import { isIPv4, isIPv6, SocketAddress } from 'node:net';
import { unescape } from '../escapes.js';
import { absoluteName } from '../names.js';
import { MAX_TTL } from '../numbers.js';
import type { Token } from './tokens.js';

const TTL = /^(?:\d+[smhdw]?)+$/i;
const HAS_UNIT = /[a-z]/i;
const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86400, w: 604800 };

/** The seconds of `3600` or `1h30m`; undefined for text of another form. Throws `Error` above 2^31 - 1 seconds. */
export function parseTtl(text: string): number | undefined {
  // Most tokens are words or plain numbers.
  if (!startsWithDigit(text) || !TTL.test(text)) return undefined;
  let seconds = 0;
  if (!HAS_UNIT.test(text)) seconds = Number(text);
  else
    for (const [, number, unit] of text.matchAll(/(\d+)([a-z]?)/gi)) {
      seconds += Number(number) * SECONDS[unit === '' ? 's' : unit.toLowerCase()];
    }
  if (seconds > MAX_TTL) throw invalid('time', text, `0 to ${MAX_TTL} seconds`);
  return seconds;
}

function startsWithDigit(text: string): boolean {
  const code = text.charCodeAt(0);
  return code >= 0x30 && code <= 0x39;
}

/** An `Error` that names a field, its text, and what is allowed. */
export function invalid(what: string, text: string, allowed: string): Error {
  const shown = text.length > 80 ? `${text.slice(0, 80)}…` : text;
  return new Error(`invalid ${what.replace(/^the /, '')} ${JSON.stringify(shown)}: ${allowed}`);
}

/**
 * The tokens of one record, which are read one after the other. Each method throws `Error` for a token of another form.
 */
export class TextReader {
  readonly #tokens: readonly Token[];
  readonly #origin: string;
  #next = 0;

  /** Names without a dot at the end are relative to `origin`. */
  constructor(tokens: readonly Token[], origin: string) {
    this.#tokens = tokens;
    this.#origin = origin;
  }

  /** Whether all tokens have been read. */
  get atEnd(): boolean {
    return this.#next === this.#tokens.length;
  }

  /** The text of the next token with its escapes; undefined at the end. Does not read it. */
  get following(): string | undefined {
    return this.#tokens.at(this.#next)?.text;
  }

  /** Reads a token with its escapes. `what` names it in errors. */
  word(what: string): string {
    const token = this.#tokens.at(this.#next);
    if (token === undefined) throw new Error(`${what} is missing`);
    this.#next++;
    return token.text;
  }

  /** Reads a token, and those that follow it without white space, as in `alpn="h2,h3"`. */
  gluedWord(what: string): string {
    let text = this.word(what);
    while (this.#tokens.at(this.#next)?.glued === true) text += this.word(what);
    return text;
  }

  /** Checks that all tokens have been read. */
  end(): void {
    if (!this.atEnd) throw new Error(`unexpected ${JSON.stringify(this.following)} at the end of the record`);
  }

  /** An integer from 0 to `most`. */
  integer(what: string, most: number): number {
    const text = this.word(what);
    const number = /^\d+$/.test(text) ? Number(text) : NaN;
    if (!(number <= most)) throw invalid(what, text, `an integer from 0 to ${most}`);
    return number;
  }

  /** A time in seconds, with or without units. */
  time(what: string): number {
    const text = this.word(what);
    const seconds = parseTtl(text);
    if (seconds === undefined) throw invalid(what, text, 'seconds, or numbers with the units s, m, h, d, w');
    return seconds;
  }

  /** A name, made absolute. */
  name(what: string): string {
    const text = this.word(what);
    return text === '@' ? this.#origin : absoluteName(text, this.#origin);
  }

  /** An IPv4 address. */
  ipv4(): string {
    return checkIPv4(this.word('the IPv4 address'));
  }

  /** An IPv6 address, in the form of RFC 5952. */
  ipv6(): string {
    return checkIPv6(this.word('the IPv6 address'));
  }

  /** The octets of a string of any length, escapes resolved. */
  octets(what: string): Buffer {
    return Buffer.from(unescape(this.word(what)), 'latin1');
  }

  /** All remaining tokens, joined. */
  rest(what: string): string {
    let text = this.word(what);
    while (!this.atEnd) text += this.word(what);
    return text;
  }
}

/** Returns an IPv4 address. Throws `Error` for other text. */
export function checkIPv4(text: string): string {
  if (!isIPv4(text)) throw invalid('IPv4 address', text, 'four numbers from 0 to 255 with dots between them');
  return text;
}

/** Returns an IPv6 address in the form of RFC 5952. Throws `Error` for other text. */
export function checkIPv6(text: string): string {
  if (!isIPv6(text) || text.includes('%')) throw invalid('IPv6 address', text, 'RFC 4291 section 2.2, without a zone');
  return new SocketAddress({ address: text, family: 'ipv6' }).address;
}

/** The octets of hexadecimal digits. Throws `Error` for other text. */
export function parseHex(what: string, text: string): Buffer {
  if (!/^(?:[\da-f]{2})+$/i.test(text)) throw invalid(what, text, 'pairs of hexadecimal digits');
  return Buffer.from(text, 'hex');
}

/** The octets of Base64 (RFC 4648 s.4). Throws `Error` for other text. */
export function parseBase64(what: string, text: string): Buffer {
  const octets = Buffer.from(text, 'base64');
  if (octets.toString('base64') !== text) throw invalid(what, text, 'Base64 (RFC 4648 section 4)');
  return octets;
}
