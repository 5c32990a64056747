import packet from 'dns-packet';
import { addresses } from '../zone.js';

/** Decodes and encodes with dns-packet. @type {import('multisocket').Handler} */
export default function handle(query, reply) {
  const [{ name }] = query.message.questions;
  const data = addresses.get(name);
  reply.send({
    type: 'response',
    flags: packet.AUTHORITATIVE_ANSWER | (data === undefined ? 3 : 0),
    answers: data === undefined ? [] : [{ type: 'A', name, ttl: 300, data }],
  });
}
