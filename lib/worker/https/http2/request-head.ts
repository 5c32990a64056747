/** The header fields of a request, and their rules (RFC 9113 s.8.3). */
import type { RequestHead } from '../http-exchange.js';
import type { HttpField } from '../http-request.js';
import type { Field } from './field-table.js';

/** The largest size of a request's fields, in octets, as HTTP/2 counts them (RFC 9113 s.6.5.2). */
export const MAX_FIELDS = 65_536;
/** The same for fields other than pseudo-header fields, which are kept as long as the request. As in HTTP/1.1. */
const MAX_REGULAR = 16_384;

/** The fields of a header or of a trailer. */
export class RequestFields implements RequestHead {
  method = '';
  target = '';
  type: string | undefined;
  /** The fields, in order, but the pseudo-header fields. */
  readonly fields: HttpField[] = [];
  /** The value of `content-length`. */
  length: number | undefined;
  /** Whether the client waits for the status 100 before it sends its body (RFC 9110 s.10.1.1). */
  expectsContinue = false;
  /** Whether it has pseudo-header fields. */
  pseudo = false;
  #scheme = '';
  #authority: string | undefined;
  #regular = false;
  #size = 0;
  #regularSize = 0;
  #wrong = false;

  /** Whether the fields have more than {@link MAX_FIELDS} octets, or more than {@link MAX_REGULAR} but the target. */
  get tooLarge(): boolean {
    return this.#size > MAX_FIELDS || this.#regularSize > MAX_REGULAR;
  }

  /** `:authority`, the counterpart of the field `host` (RFC 9113 s.8.3.1). */
  get authority(): string | undefined {
    return this.#authority;
  }

  add(field: Field): void {
    const { name, value, size, valid } = field;
    this.#size += size;
    if (this.tooLarge) return;
    if (!valid) this.#wrong = true;
    else if (name.startsWith(':')) this.#addPseudo(name, value);
    else this.#addRegular(field);
  }

  /** Whether the request is malformed (RFC 9113 s.8.1.1). `ended`: it has no body. */
  isMalformed(ended: boolean): boolean {
    const { method, target, length } = this;
    if (this.#wrong || method === '' || (ended && (length ?? 0) !== 0)) return true;
    // RFC 9113 s.8.5
    if (method === 'CONNECT') return target !== '' || this.#scheme !== '' || this.#authority === undefined;
    return target === '' || this.#scheme === '';
  }

  /** Whether the trailer is malformed: it cannot have pseudo-header fields (RFC 9113 s.8.1). */
  get isNoTrailer(): boolean {
    return this.#wrong || this.pseudo;
  }

  #addPseudo(name: string, value: string): void {
    this.pseudo = true;
    // All stand before the other fields, and each stands once.
    if (this.#regular) this.#wrong = true;
    else if (name === ':method') this.method = this.#once(this.method, value);
    else if (name === ':path') this.target = this.#once(this.target, value);
    else if (name === ':scheme') this.#scheme = this.#once(this.#scheme, value);
    else if (name === ':authority') this.#authority = this.#once(this.#authority ?? '', value);
    else this.#wrong = true;
  }

  #addRegular(field: Field): void {
    const { name, value, size } = field;
    this.#regular = true;
    this.#regularSize += size;
    if (this.tooLarge) return;
    this.fields.push(field);
    if (name === 'content-type') this.type = value;
    else if (name === 'expect') this.expectsContinue ||= value.toLowerCase() === '100-continue';
    else if (name === 'content-length') {
      // RFC 9110 s.8.6
      if (!/^\d{1,15}$/.test(value) || (this.length ?? Number(value)) !== Number(value)) this.#wrong = true;
      this.length = Number(value);
    }
  }

  #once(had: string, value: string): string {
    if (had !== '' || value === '') this.#wrong = true;
    return value;
  }
}
