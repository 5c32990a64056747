/** The length limit of a reply. */
import type { Query } from './query.js';

/** The size that every client accepts without EDNS (RFC 1035 s.4.2.1). */
const MIN_PAYLOAD_SIZE = 512;

/**
 * The longest reply to a query in octets: by UDP the size that client and server accept, otherwise the maximum of the
 * length field.
 */
export function replyLimit(query: Query, maxPayloadSize: number): number {
  if (query.transport !== 'udp') return 0xffff;
  const size = query.udpPayloadSize;
  return size <= MIN_PAYLOAD_SIZE ? MIN_PAYLOAD_SIZE : Math.min(size, maxPayloadSize);
}
