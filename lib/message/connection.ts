/** What a server knows of the connection and of the HTTP request that brought a query. */
import type { X509Certificate } from 'node:crypto';
import type { CacheChoice } from './cache-choice.js';
import type { Endpoint } from './endpoint.js';

/**
 * The connection that brought a query. Its members are undefined where they do not apply: all of them for a datagram and
 * for a plain TCP connection without a proxy.
 *
 * Names, paths, parameters and header fields are what the client sent: data of any content.
 */
export interface QueryConnection {
  /** The version of TLS: `'TLSv1.2'` or `'TLSv1.3'`. Undefined: the connection to this server is not encrypted. */
  readonly protocol?: string | undefined;
  /** The cipher suite by its name in the IANA registry, such as `'TLS_AES_128_GCM_SHA256'`. */
  readonly cipher?: string | undefined;
  /**
   * The server name for which the client asked (SNI, RFC 6066 s.3), in its spelling. Undefined, too, if TLS 1.2 resumes a
   * session.
   */
  readonly serverName?: string | undefined;
  /** The protocol that both sides agreed on (ALPN, RFC 7301): `'dot'`, `'h2'` or `'http/1.1'`. */
  readonly alpn?: string | undefined;
  /** The client's certificate, with the option `tls.requestCert`. Check {@link authorized} too. */
  readonly certificate?: X509Certificate | undefined;
  /** Whether `certificate` is valid and one of `tls.ca` signed it. Undefined: there is none. */
  readonly authorized?: boolean | undefined;
  /** The HTTP request: with the transports `'https'` and `'grpc'`. */
  readonly http?: QueryRequest | undefined;
  /** The proxy that named the client, which `Query.client` then is. Undefined: no proxy did. */
  readonly proxy?: Endpoint | undefined;
}

/** The head of the HTTP request that brought a query. */
export interface QueryRequest {
  /** `'1.0'`, `'1.1'` or `'2'`. */
  readonly version: string;
  readonly method: string;
  /** The target as on the request line (RFC 9112 s.3.2), or HTTP/2's `:path`. */
  readonly target: string;
  /** The path in `target`, without its query. Percent-encoding stays. */
  readonly path: string;
  /** The parameters of the path, by name, decoded: `{ client: 'a' }` for `/dns-query/a` with `https.paths: ['/dns-query/:client']`. */
  readonly params: Readonly<Record<string, string>>;
  /**
   * The fields of the header by their names in lower case, one character for each octet. The values of a repeated field
   * are joined by `', '` (RFC 9110 s.5.3). `host` is also HTTP/2's `:authority`.
   */
  readonly headers: Readonly<Record<string, string>>;
}

/** The connection of a query about which nothing more is known. */
export const PLAIN: QueryConnection = Object.freeze({});

/** The caching of a reply whose handler has read this of the connection, which no key of the cache has: as chosen, or none. */
export function cachingWith(read: QueryConnection | undefined, choice: CacheChoice): CacheChoice {
  return read === undefined || read === PLAIN || choice.chosen ? choice : { ...choice, ttl: 0 };
}
