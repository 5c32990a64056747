/** Converts the endpoints of connections from bytes and from text. */
import { addon } from '../native/addon.js';
import { ipv4At, ipv6At } from '../dns/ip-text.js';
import { transports, type Endpoint, type Transport } from '../message/batch.js';

/**
 * The endpoint whose address stands at `offset` of `bytes`: 4 bytes for family 4, 16 for family 6.
 *
 * An IPv4-mapped address (`::ffff:192.0.2.1`, the form of an IPv4 client on a dual-stack socket) becomes IPv4, so that
 * a handler's look-ups do not depend on how the server was bound (RFC 4291 s.2.5.5.2).
 */
export function endpointAt(bytes: Uint8Array, offset: number, family: 4 | 6, port: number): Endpoint {
  if (family === 4) return { address: ipv4At(bytes, offset), port, family: 'IPv4' };
  if (isMapped(bytes, offset)) return { address: ipv4At(bytes, offset + 12), port, family: 'IPv4' };
  return { address: ipv6At(bytes, offset), port, family: 'IPv6' };
}

/** The origin of queries, in native code's form. */
export function packOrigin(transport: Transport, client: Endpoint, local: Endpoint): Uint8Array {
  return addon.queryOrigin(transports.indexOf(transport), client.address, client.port, local.address, local.port);
}

/** Makes an endpoint from the text of Node's sockets. IPv4-mapped addresses become IPv4. */
export function endpointOf(address: string, port: number): Endpoint {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address);
  if (mapped?.[1] !== undefined) return { address: mapped[1], port, family: 'IPv4' };
  return { address, port, family: address.includes(':') ? 'IPv6' : 'IPv4' };
}

function isMapped(bytes: Uint8Array, offset: number): boolean {
  for (let i = 0; i < 10; i++) if (bytes[offset + i] !== 0) return false;
  return bytes[offset + 10] === 0xff && bytes[offset + 11] === 0xff;
}
