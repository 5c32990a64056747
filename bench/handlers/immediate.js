import { addresses } from '../zone.js';

/** A look-up that takes its turn, as one in a database does. */
async function lookUp(name) {
  await new Promise((resolve) => setImmediate(resolve));
  return addresses.get(name);
}

/** @type {import('multisocket').Handler} */
export default async function handle(query, reply) {
  const data = await lookUp(query.key);
  reply.authoritative = true;
  if (data === undefined) reply.rcode = 'NXDOMAIN';
  else reply.answer({ type: 'A', name: query.name, ttl: 300, data });
}
