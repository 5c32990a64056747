import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { PLAIN, type QueryConnection } from '../../message/connection.js';

/**
 * What is known of a connection after its handshake. It is read at once: a closed socket has none of it any more, and
 * a handler may ask after its client has gone.
 */
export function knownOf(socket: Socket): QueryConnection {
  if (!(socket instanceof TLSSocket)) return PLAIN;
  const { servername, alpnProtocol, authorized } = socket;
  const certificate = socket.getPeerX509Certificate();
  return {
    protocol: socket.getProtocol() ?? undefined,
    cipher: socket.getCipher().standardName,
    serverName: textOr(servername),
    alpn: textOr(alpnProtocol),
    certificate,
    authorized: certificate === undefined ? undefined : authorized,
  };
}

/** Node's texts are false or null where there is none. */
function textOr(text: string | false | null | undefined): string | undefined {
  return typeof text === 'string' ? text : undefined;
}
