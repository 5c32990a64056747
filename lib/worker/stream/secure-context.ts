/** The TLS settings that all workers of a server share. */
import type { SecureContextOptions, TlsOptions, TLSSocket } from 'node:tls';

/** Certificates for `tls://`, `https://` and `grpc://`, as Node's `tls.createSecureContext` takes them: PEM text, or its bytes. */
export interface TlsSettings {
  /** The certificate chain. */
  cert: string | Uint8Array;
  /** Its private key. */
  key: string | Uint8Array;
  /** Those that clients' certificates may be signed by; default: the system's. */
  ca?: string | Uint8Array;
  /**
   * Which certificate clients have to show: `true`: one that one of `ca` has signed; `'if-given'`: such a one, or none;
   * `'any'`: one, whoever has signed it; `'unchecked'`: they are asked for one, and let in whatever they show. Default
   * false: they are not asked.
   */
  requestCert?: boolean | 'if-given' | 'any' | 'unchecked';
  /** Default `'TLSv1.2'` (RFC 7858 s.3.2, RFC 8310 s.9). */
  minVersion?: SecureContextOptions['minVersion'];
}

/** {@link TlsSettings} with what has to be the same in every worker. */
export interface SharedTls extends TlsSettings {
  /** 48 bytes: a session that began with one worker can be resumed with any other (RFC 5077, RFC 8446 s.4.6.1). */
  ticketKeys: Uint8Array;
}

/** For `tls.createServer` and `http2.createSecureServer`. `protocols`: for ALPN (RFC 7301). */
export function serverOptions(tls: SharedTls, protocols: readonly string[], handshakeTimeout: number): TlsOptions {
  return {
    ...contextOptions(tls),
    ALPNProtocols: [...protocols],
    ticketKeys: Buffer.from(tls.ticketKeys),
    handshakeTimeout,
    requestCert: (tls.requestCert ?? false) !== false,
    rejectUnauthorized: tls.requestCert === true,
  };
}

/** Whether a client has shown such a certificate as it has to; of a connection that is secure. */
export function isAllowed({ requestCert }: TlsSettings, socket: TLSSocket): boolean {
  if (requestCert !== 'any' && requestCert !== 'if-given') return true;
  const given = Object.keys(socket.getPeerCertificate()).length > 0;
  return requestCert === 'any' ? given : !given || socket.authorized;
}

/** For `server.setSecureContext`. */
export function contextOptions({ cert, key, ca, minVersion = 'TLSv1.2' }: TlsSettings): SecureContextOptions {
  return { cert: pem(cert), key: pem(key), minVersion, ...(ca === undefined ? {} : { ca: pem(ca) }) };
}

/** Bytes lose their Buffer on the way into a worker. */
function pem(value: string | Uint8Array): string | Buffer {
  return typeof value === 'string' ? value : Buffer.from(value);
}
