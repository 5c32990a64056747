// Answers as programs on node:dgram and node:net make them: by hand, or with dns-packet. Bytes in, bytes out.
import packet from 'dns-packet';
import { addresses } from '../zone.js';

const HEADER = 12;

/** The least that answers: the name read from the bytes, and a record with a pointer to it put behind the question. */
export function byHand(query) {
  let at = HEADER;
  let name = '';
  while (query[at] !== 0) {
    const length = query[at];
    name += (name === '' ? '' : '.') + query.latin1Slice(at + 1, at + 1 + length);
    at += 1 + length;
  }
  at += 5;
  const address = addresses.get(name.toLowerCase());
  const reply = Buffer.allocUnsafe(at + (address === undefined ? 0 : 16));
  query.copy(reply, 0, 0, at);
  reply[2] = (query[2] & 0x79) | 0x84;
  reply[3] = address === undefined ? 3 : 0;
  reply.writeUInt16BE(address === undefined ? 0 : 1, 6);
  reply.writeUInt32BE(0, 8);
  if (address === undefined) return reply;
  reply.writeUInt32BE(0xc00c0001, at); // a pointer to the question's name, A
  reply.writeUInt16BE(1, at + 4);
  reply.writeUInt32BE(300, at + 6);
  reply.writeUInt16BE(4, at + 10);
  address.split('.').forEach((byte, i) => (reply[at + 12 + i] = Number(byte)));
  return reply;
}

/** Decoded, looked up and encoded. */
export function byDnsPacket(query) {
  const { id, flags, questions } = packet.decode(query);
  const [{ name }] = questions;
  const data = addresses.get(name.toLowerCase());
  return packet.encode({
    type: 'response',
    id,
    flags: (flags & packet.RECURSION_DESIRED) | packet.AUTHORITATIVE_ANSWER | (data === undefined ? 3 : 0),
    questions,
    answers: data === undefined ? [] : [{ type: 'A', name, ttl: 300, data }],
  });
}
