/** The length limit of a reply. */
import { MAX_MESSAGE, MIN_UDP_PAYLOAD } from '../dns/numbers.js';
import type { Query } from './query.js';

/** The size that every client accepts without EDNS (RFC 1035 s.4.2.1). */

/**
 * The longest reply to a query in octets: by UDP the size that client and server accept, otherwise the maximum of the
 * length field.
 */
export function replyLimit(query: Query, maxPayloadSize: number): number {
  if (query.transport !== 'udp') return MAX_MESSAGE;
  const size = query.udpPayloadSize;
  return size <= MIN_UDP_PAYLOAD ? MIN_UDP_PAYLOAD : Math.min(size, maxPayloadSize);
}
