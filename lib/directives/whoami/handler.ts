import type { Query } from '../../message/query.js';
import type { Reply } from '../../message/reply.js';

/**
 * Answers any query with the client's address as A or AAAA, and its port as SRV with the protocol in front of the name
 * (RFC 2782), all in the additional section.
 */
export function whoami(query: Query, reply: Reply): void {
  const { address, port, family } = query.client;
  const protocol = query.transport === 'udp' ? '_udp' : '_tcp';
  const name = query.name === '.' ? `${protocol}.` : `${protocol}.${query.name}`;
  reply.authoritative = true;
  reply.additional(
    { type: family === 'IPv6' ? 'AAAA' : 'A', name: query.name, data: address },
    { type: 'SRV', name, data: { priority: 0, weight: 0, port, target: '.' } },
  );
}
