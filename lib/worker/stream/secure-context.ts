/** The TLS settings that all workers of a server share. */
import { isDeepStrictEqual } from 'node:util';
import type { TlsConfig } from '../../options/tls.js';
import type { SecureContextOptions, TlsOptions, TLSSocket } from 'node:tls';

/** {@link TlsConfig} with the data that must be the same in every worker. */
export interface SharedTls extends TlsConfig {
  /**
   * 48 bytes: a session that began with one worker can be resumed with any other (RFC 5077, RFC 8446 s.4.6.1). Changed
   * settings get new keys, so that a session ends with the rules under which it began.
   */
  ticketKeys: Uint8Array;
}

/** The options of a `tls.Server`. `protocols`: for ALPN (RFC 7301). */
export function serverOptions(tls: SharedTls, protocols: readonly string[]): TlsOptions {
  return {
    ...contextOptions(tls),
    ALPNProtocols: [...protocols],
    ticketKeys: Buffer.from(tls.ticketKeys),
    // The same in every worker: otherwise no session with a client certificate is resumed.
    sessionIdContext: 'multisocket',
    requestCert: tls.requestCert !== false,
    rejectUnauthorized: tls.requestCert === true,
  };
}

/** Whether the client has shown a required certificate; for a connection whose handshake is complete. */
export function isAllowed({ requestCert }: TlsConfig, socket: TLSSocket): boolean {
  if (requestCert === false || requestCert === 'unchecked') return true;
  if (requestCert === true) return socket.authorized;
  const given = Object.keys(socket.getPeerCertificate()).length > 0;
  return requestCert === 'any' ? given : !given || socket.authorized;
}

/** Whether two settings differ in more than the server's certificate, so that they may admit other clients. */
export function admitOthers(before: SharedTls, after: SharedTls): boolean {
  return !isDeepStrictEqual(rulesOf(before), rulesOf(after));
}

function rulesOf({ ca, requestCert, minVersion, ciphers }: TlsConfig): unknown[] {
  return [ca === null ? null : pem(ca).toString(), requestCert, minVersion, ciphers];
}

/** The options of `tls.createSecureContext`. */
export function contextOptions({ cert, key, ca, minVersion, ciphers }: TlsConfig): SecureContextOptions {
  return { cert: pem(cert), key: pem(key), minVersion, ciphers, ...(ca === null ? {} : { ca: pem(ca) }) };
}

/** A Buffer becomes plain bytes on the way into a worker. */
function pem(value: string | Uint8Array): string | Buffer {
  return typeof value === 'string' ? value : Buffer.from(value);
}
