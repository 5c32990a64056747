import { addresses } from '../zone.js';

/** A look-up whose promise is settled at once. */
async function lookUp(name) {
  return addresses.get(name);
}

/** @type {import('multisocket').Handler} */
export default async function handle(query, reply) {
  const data = await lookUp(query.key);
  reply.authoritative = true;
  if (data === undefined) reply.rcode = 'NXDOMAIN';
  else reply.answer({ type: 'A', name: query.name, ttl: 300, data });
}
