/** Header fields, and the table by which HPACK refers to them (RFC 7541 s.2.3). */

/** A field of a request's header. */
export interface Field {
  readonly name: string;
  readonly value: string;
  /** Octets that it counts for in tables and lists (RFC 7541 s.4.1). */
  readonly size: number;
  /** Whether a request may have one of its name, and whether it may have it (RFC 9113 s.8.2). */
  readonly nameValid: boolean;
  readonly valid: boolean;
}

/** How large the table of a client's fields may become, in octets (RFC 9113 s.6.5.2: unless told otherwise). */
export const MAX_TABLE = 4096;
const OVERHEAD = 32;

/** Those that concern a connection, which HTTP/2 has other means for (RFC 9113 s.8.2.2). */
const CONNECTION_FIELDS = new Set(['connection', 'keep-alive', 'proxy-connection', 'transfer-encoding', 'upgrade']);
/** RFC 9113 s.8.2.1 and RFC 9110 s.5.6.2: a token in lower case; pseudo-header fields have a colon before it. */
const NAME = /^:?[!#$%&'*+\-.^_`|~\da-z]+$/;
const BAD_VALUE = /[\0\r\n]|^[ \t]|[ \t]$/;

/** Makes a field; `name` and `value` have a character for each octet. */
export function makeField(name: string, value: string): Field {
  const nameValid = NAME.test(name) && !CONNECTION_FIELDS.has(name);
  return withValue({ name, nameValid }, value);
}

/** A field of the same name. */
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

/** Where the static table has a field of a name first, from 1 on; undefined when it has none. */
export const staticIndex: ReadonlyMap<string, number> = new Map(
  STATIC.map(({ name }, i) => [name, i + 1] as const).reverse(),
);

/** The static table, and behind it what one client had kept. */
export class FieldTable {
  /** The oldest first. */
  readonly #kept: Field[] = [];
  #size = 0;
  #limit = MAX_TABLE;

  /** The field at an index, from 1 on; undefined when there is none. */
  get(index: number): Field | undefined {
    return index <= STATIC.length ? STATIC[index - 1] : this.#kept[this.#kept.length - (index - STATIC.length)];
  }

  /** Keeps a field; the oldest ones go for it, all of them when it is too large itself (RFC 7541 s.4.4). */
  add(field: Field): void {
    this.#kept.push(field);
    this.#size += field.size;
    this.#evict();
  }

  /** Keeps no more than that, in octets, from now on: at most {@link MAX_TABLE}. */
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
