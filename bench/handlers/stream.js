// Answers as synchronous.js does, by a stream of one message.
import { addresses } from '../zone.js';

/** @type {import('multisocket').Handler} */
export default function handle(query, reply) {
  const { name, key } = query;
  const data = addresses.get(key);
  reply.authoritative = true;
  void reply.stream([{ type: 'response', answers: [{ type: 'A', name, ttl: 300, data }] }]);
}
