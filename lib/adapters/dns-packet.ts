/** Handlers that take a packet of dns-packet and return one. */
import packet, { type DecodedPacket, type Packet } from 'dns-packet';
import type { Endpoint } from '../message/batch.js';
import type { Handler } from '../message/handler.js';

/** Answers a decoded query with a packet, or an encoded one; undefined: the client gets nothing. */
export type DnsPacketHandler = (
  packet: DecodedPacket,
  client: Endpoint,
) => Packet | Uint8Array | undefined | Promise<Packet | Uint8Array | undefined>;

/**
 * A handler from one that works as programs with `dgram` and dns-packet do: decode, answer, encode. ID, question, EDNS
 * and truncation of what it returns are put right (see `Reply.send`).
 */
export function fromDnsPacket(answer: DnsPacketHandler): Handler {
  return async (query, reply) => {
    const answered = await answer(packet.decode(query.raw), query.client);
    if (answered === undefined) reply.drop();
    else reply.send(answered);
  };
}
