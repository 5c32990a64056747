/** A handler that takes updates of the owners of keys alone. */
import type { Query, Reply } from 'multisocket';

export default function handle(query: Query, reply: Reply): void {
  if (query.opcode === 'QUERY') reply.answer({ type: 'A', name: query.name, ttl: 60, data: '192.0.2.1' });
  else if (query.tsig === undefined) reply.rcode = 'REFUSED';
  else reply.rcode = 'NOERROR';
}
