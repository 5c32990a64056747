/** Errors of upstreams in CoreDNS's words: the patterns of deployed `errors` directives match these. */
import { getSystemErrorName } from 'node:util';

/** Go's words for the errors of sockets. */
const WORDS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EADDRNOTAVAIL: 'cannot assign requested address',
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset by peer',
  EHOSTUNREACH: 'no route to host',
  EINVAL: 'invalid argument',
  EMFILE: 'too many open files',
  EMSGSIZE: 'message too long',
  ENETUNREACH: 'network is unreachable',
  EPERM: 'operation not permitted',
  EPIPE: 'broken pipe',
  ETIMEDOUT: 'connection timed out',
};

/** Node's codes for certificates without a trusted signer. */
const UNTRUSTED: ReadonlySet<string> = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);
const VERIFY = 'tls: failed to verify certificate: x509:';

/** Why an upstream gave no answer. */
export class UpstreamError extends Error {
  /** `rcode`: what the client gets. */
  constructor(
    message: string,
    readonly rcode: 'SERVFAIL' | 'REFUSED' | 'NOTIMP' = 'SERVFAIL',
  ) {
    super(message);
  }
}

/** The server closes. */
export const CLOSED = new UpstreamError('proxy: transport stopped');
/** All upstreams are down, or none is left to ask. */
export const NO_HEALTHY = new UpstreamError('no healthy proxies');
/** The client's time is up while an upstream is asked. */
export const DEADLINE_EXCEEDED = new UpstreamError('context deadline exceeded');
/** More clients wait than may wait at a time. */
export const TOO_MANY = new UpstreamError('too many queries wait for upstreams');
/** NOTIFY and UPDATE. */
export const NO_OPCODES = new UpstreamError('only queries are forwarded', 'NOTIMP');
/** AXFR and IXFR. */
export const NO_TRANSFERS = new UpstreamError('zone transfers are not forwarded', 'REFUSED');
/** The upstream's certificate was accepted, and it offers no HTTP/2 (RFC 8484 s.5.2). */
export const NO_HTTP2 = new UpstreamError('the upstream does not speak HTTP/2');

/** The error if `most` queries wait, the value of `max_concurrent`. */
export function tooManyAtATime(most: number): UpstreamError {
  return new UpstreamError(`concurrent queries exceeded maximum ${most}`, 'REFUSED');
}

/** The route of a query: both ends as `192.0.2.1:53`. `from` is empty before there is a source address. */
export interface Route {
  network: 'udp' | 'tcp';
  from: string;
  to: string;
}

/** The error if no answer came in time; without `from`, no connection. */
export function timedOut({ network, from, to }: Route): UpstreamError {
  const what = from === '' ? `dial ${network} ${to}` : `read ${network} ${from}->${to}`;
  return new UpstreamError(`${what}: i/o timeout`);
}

/** The error for a message that native code rejected. */
export function malformed({ to }: Route): UpstreamError {
  return new UpstreamError(`dns: malformed answer from ${to}`);
}

/** The error of a socket; `errno`: above 0. Without `from`, it was not connected. */
export function socketFailed(route: Route, errno: number): UpstreamError {
  return named(route, getSystemErrorName(-errno));
}

/**
 * The error of a connection that ended with an error of Node's, or without one. `servername`: the name that the
 * certificate had to have.
 */
export function connectionFailed(
  route: Route,
  error: NodeJS.ErrnoException | undefined,
  servername: string,
): UpstreamError {
  if (error === undefined) return new UpstreamError('EOF');
  const { code = '', syscall } = error;
  if (syscall !== undefined) return named(route, code);
  if (UNTRUSTED.has(code)) return new UpstreamError(`${VERIFY} certificate signed by unknown authority`);
  if (code === 'CERT_HAS_EXPIRED' || code === 'CERT_NOT_YET_VALID') {
    return new UpstreamError(`${VERIFY} certificate has expired or is not yet valid`);
  }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return new UpstreamError(`${VERIFY} ${mismatch(error, servername)}`);
  if (code === 'ECONNRESET') return new UpstreamError('EOF'); // during the handshake
  if (code === 'ERR_SSL_WRONG_VERSION_NUMBER' || code === 'ERR_SSL_PACKET_LENGTH_TOO_LONG') {
    return new UpstreamError('tls: first record does not look like a TLS handshake');
  }
  const alert = /^ERR_SSL_(?:SSLV3|TLSV1|TLSV13)_ALERT_(\w+)$/.exec(code)?.[1];
  if (alert !== undefined) return new UpstreamError(`remote error: tls: ${alert.toLowerCase().replaceAll('_', ' ')}`);
  return new UpstreamError(`tls: ${error.message}`);
}

function named({ network, from, to }: Route, code: string): UpstreamError {
  const what = from === '' ? `dial ${network} ${to}: connect` : `read ${network} ${from}->${to}: read`;
  return new UpstreamError(`${what}: ${WORDS[code] ?? code}`);
}

/** How the names of a certificate differ from the required one. */
function mismatch(error: NodeJS.ErrnoException, servername: string): string {
  const { cert } = error as { cert?: { subjectaltname?: string } };
  const alternatives = cert?.subjectaltname?.split(', ') ?? [];
  const isAddress = /^[\d.]+$|:/.test(servername);
  const prefix = isAddress ? 'IP Address:' : 'DNS:';
  const names = alternatives.filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length));
  if (names.length > 0) return `certificate is valid for ${names.join(', ')}, not ${servername}`;
  if (isAddress) return `cannot validate certificate for ${servername} because it doesn't contain any IP SANs`;
  return `certificate is not valid for any names, but wanted to match ${servername}`;
}
