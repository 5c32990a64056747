import { addresses } from '../zone.js';

/** @type {import('multisocket').Handler} */
export default function handle(query, reply) {
  const data = addresses.get(query.key);
  reply.authoritative = true;
  if (data === undefined) reply.rcode = 'NXDOMAIN';
  else reply.answer({ type: 'A', name: query.name, ttl: 300, data });
}
