/** Header fields, and the tables to which HPACK refers (RFC 7541 s.2.3). */

/** A field of a request's header. */
export interface Field {
  readonly name: string;
  readonly value: string;
  /** Its size in tables and lists, in octets (RFC 7541 s.4.1). */
  readonly size: number;
  /** Whether a request may have a field of this name, and with this value (RFC 9113 s.8.2). */
  readonly nameValid: boolean;
  readonly valid: boolean;
}

/** The largest table of a client's fields, in octets: the default of RFC 9113 s.6.5.2. */
export const MAX_TABLE = 4096;
const OVERHEAD = 32;

/** Fields that concern a connection. HTTP/2 forbids them (RFC 9113 s.8.2.2). */
const CONNECTION_FIELDS = new Set(['connection', 'keep-alive', 'proxy-connection', 'transfer-encoding', 'upgrade']);
/** A token in lower case, after a colon for pseudo-header fields (RFC 9113 s.8.2.1, RFC 9110 s.5.6.2). */
const NAME = /^:?[!#$%&'*+\-.^_`|~\da-z]+$/;
const BAD_VALUE = /[\0\r\n]|^[ \t]|[ \t]$/;

/** Makes a field. `name` and `value` have one character for each octet. */
export function makeField(name: string, value: string): Field {
  const nameValid = NAME.test(name) && !CONNECTION_FIELDS.has(name);
  return withValue({ name, nameValid }, value);
}

/** Makes a field with the name of another one. */
export function withValue({ name, nameValid }: Pick<Field, 'name' | 'nameValid'>, value: string): Field {
  const valid = nameValid && !BAD_VALUE.test(value) && (name !== 'te' || value.toLowerCase() === 'trailers');
  return { name, nameValid, value, size: name.length + value.length + OVERHEAD, valid };
}

// RFC 7541 appendix A, from 1 on.
const STATIC = (
  ':authority|:method GET|:method POST|:path /|:path /index.html|:scheme http|:scheme https|:status 200|:status 204|' +
  ':status 206|:status 304|:status 400|:status 404|:status 500|accept-charset|accept-encoding gzip, deflate|' +
  'accept-language|accept-ranges|accept|access-control-allow-origin|age|allow|authorization|cache-control|' +
  'content-disposition|content-encoding|content-language|content-length|content-location|content-range|content-type|' +
  'cookie|date|etag|expect|expires|from|host|if-match|if-modified-since|if-none-match|if-range|if-unmodified-since|' +
  'last-modified|link|location|max-forwards|proxy-authenticate|proxy-authorization|range|referer|refresh|retry-after|' +
  'server|set-cookie|strict-transport-security|transfer-encoding|user-agent|vary|via|www-authenticate'
)
  .split('|')
  .map((entry) => {
    const [, name, value] = /^(\S+) ?(.*)$/.exec(entry) ?? [];
    return makeField(name, value);
  });

/** The first index of a name in the static table, from 1 on. */
export const staticIndex: ReadonlyMap<string, number> = new Map(
  STATIC.map(({ name }, i) => [name, i + 1] as const).reverse(),
);

/** The static table, followed by the fields that one client has added. */
export class FieldTable {
  /** The oldest first. */
  readonly #kept: Field[] = [];
  #size = 0;
  #limit = MAX_TABLE;

  /** The field at an index, from 1 on. Undefined if there is none. */
  get(index: number): Field | undefined {
    return index <= STATIC.length ? STATIC[index - 1] : this.#kept[this.#kept.length - (index - STATIC.length)];
  }

  /** Adds a field. The oldest fields are removed to make room, and all of them if it is too large (RFC 7541 s.4.4). */
  add(field: Field): void {
    this.#kept.push(field);
    this.#size += field.size;
    this.#evict();
  }

  /** Sets the size of the table in octets, {@link MAX_TABLE} at most. */
  resize(limit: number): void {
    this.#limit = limit;
    this.#evict();
  }

  #evict(): void {
    let gone = 0;
    while (this.#size > this.#limit) this.#size -= this.#kept[gone++].size;
    if (gone > 0) this.#kept.splice(0, gone);
  }
}
