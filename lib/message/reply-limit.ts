/** How long a reply may be. */
import type { Query } from './query.js';

/** What every client takes without saying so (RFC 1035 s.4.2.1). */
const MIN_PAYLOAD_SIZE = 512;

/** The longest reply that a query may get, in octets: by UDP what the client and this server take, else what the length field holds. */
export function replyLimit(query: Query, maxPayloadSize: number): number {
  if (query.transport !== 'udp') return 0xffff;
  const size = query.udpPayloadSize;
  return size <= MIN_PAYLOAD_SIZE ? MIN_PAYLOAD_SIZE : Math.min(size, maxPayloadSize);
}
