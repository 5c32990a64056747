// The answers, and what each client may see of them.
const ADDRESSES = new Map([
  ['school.example', '192.0.2.1'],
  ['games.example', '192.0.2.2'],
]);
const CLIENTS = new Map([
  ['parents', { blocked: new Set() }],
  ['kids', { blocked: new Set(['games.example']) }],
]);
/** Extended error 17, Filtered (RFC 8914 s.4.18). */
const FILTERED = 17;

let logger;
export function setup(context) {
  logger = context.logger;
}

/** @type {import('multisocket').Handler} */
export default function answer(query, reply) {
  const name = query.connection.http.params.client;
  const client = CLIENTS.get(name);
  if (client === undefined) {
    reply.rcode = 'REFUSED';
    return;
  }
  // `name` is one of ours, and `query.name` has no control characters: both are safe in a log.
  logger.info(`${name} at ${query.client.address} asks ${query.name} ${query.type}`);
  const address = ADDRESSES.get(query.key);
  reply.authoritative = true;
  if (address === undefined) reply.rcode = 'NXDOMAIN';
  else if (client.blocked.has(query.key)) reply.ede(FILTERED).rcode = 'NXDOMAIN';
  else if (query.type === 'A') reply.answer({ type: 'A', name: query.name, ttl: 60, data: address });
  else reply.rcode = 'NOERROR';
}
