/** The TLS settings that all workers of a server share. */
import { isDeepStrictEqual } from 'node:util';
import type { SecureContextOptions, TlsOptions, TLSSocket } from 'node:tls';

/**
 * Suites with authenticated encryption and forward secrecy: all of TLS 1.3, and of TLS 1.2 those with ECDHE and AES-GCM or
 * ChaCha20 (RFC 9325 s.4.2; RFC 9113 appendix A refuses the others for HTTP/2).
 */
const AEAD_CIPHERS =
  'TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256:ECDHE+AESGCM:ECDHE+CHACHA20';

/** Certificates for `tls://`, `https://` and `grpc://`, and which clients may connect. */
export interface TlsSettings {
  /** The certificate chain in PEM. */
  cert: string | Uint8Array;
  /** Its private key in PEM. */
  key: string | Uint8Array;
  /** Certificates in PEM that sign clients' certificates. Default `null`: Node's default ones. */
  ca?: string | Uint8Array | null;
  /**
   * The certificate that a client must show: `true`: one signed by `ca`; `'if-given'`: one signed by `ca`, or none;
   * `'any'`: one with any signer; `'unchecked'`: clients are asked for a certificate, and admitted with any or none.
   * Default `false`: clients are not asked.
   */
  requestCert?: boolean | 'if-given' | 'any' | 'unchecked';
  /** The lowest version; default `'TLSv1.2'` (RFC 7858 s.3.2, RFC 8310 s.9). */
  minVersion?: 'TLSv1' | 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3';
  /**
   * Cipher suites, in OpenSSL's format, those of TLS 1.3 included. Default: all of TLS 1.3; of TLS 1.2 those with ECDHE and
   * AES-GCM or ChaCha20-Poly1305.
   */
  ciphers?: string;
  /**
   * A file to which the secrets of all connections are appended, in NSS's format, so that Wireshark can decrypt them.
   * Default: no file.
   */
  keylog?: string;
}

/** {@link TlsSettings} with the data that must be the same in every worker. */
export interface SharedTls extends TlsSettings {
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
    requestCert: (tls.requestCert ?? false) !== false,
    rejectUnauthorized: tls.requestCert === true,
  };
}

/** Whether the client has shown a required certificate; for a connection whose handshake is complete. */
export function isAllowed({ requestCert = false }: TlsSettings, socket: TLSSocket): boolean {
  if (requestCert === false || requestCert === 'unchecked') return true;
  if (requestCert === true) return socket.authorized;
  const given = Object.keys(socket.getPeerCertificate()).length > 0;
  return requestCert === 'any' ? given : !given || socket.authorized;
}

/** Whether two settings differ in more than the server's certificate, so that they may admit other clients. */
export function admitOthers(before: SharedTls, after: SharedTls): boolean {
  return !isDeepStrictEqual(rulesOf(before), rulesOf(after));
}

function rulesOf({ ca = null, requestCert = false, minVersion, ciphers }: TlsSettings): unknown[] {
  return [ca === null ? null : pem(ca).toString(), requestCert, minVersion, ciphers];
}

/** The options of `tls.createSecureContext`. */
export function contextOptions(settings: TlsSettings): SecureContextOptions {
  const { cert, key, ca = null, minVersion = 'TLSv1.2', ciphers = AEAD_CIPHERS } = settings;
  return { cert: pem(cert), key: pem(key), minVersion, ciphers, ...(ca === null ? {} : { ca: pem(ca) }) };
}

/** A Buffer becomes plain bytes on the way into a worker. */
function pem(value: string | Uint8Array): string | Buffer {
  return typeof value === 'string' ? value : Buffer.from(value);
}
