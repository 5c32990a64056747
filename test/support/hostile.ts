/** Packets that nobody should send, the same in each run. */
import { opt, queryBytes } from './clients.js';

/** Numbers from 0 to 1, by a linear congruential generator (modulus 2^32; multiplier and increment of Knuth's). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Whether a message says that it is a response (QR, RFC 1035 s.4.1.1). */
export const isResponse = (message: Uint8Array): boolean => message.length > 2 && (message[2] & 0x80) !== 0;

const names = ['example.org', 'a.b.c.d.e.f.example.org', '.', 'x'.repeat(63) + '.example.org'];

/**
 * The next packet: bytes at random, or a query with some of its bytes changed, or cut short, or with bytes behind it.
 * The lowest bit of its ID, if it is long enough to have one, tells whether it is a response, so that no answer to
 * one goes unnoticed.
 */
export function hostilePacket(random: () => number): Buffer {
  const whole = (below: number): number => Math.floor(random() * below);
  let packet: Buffer;
  if (random() < 0.3) {
    packet = Buffer.from(Array.from({ length: whole(100) }, () => whole(256)));
  } else {
    const additionals = random() < 0.5 ? [opt(whole(65536), { options: [{ code: 12, length: 8 }] })] : [];
    packet = queryBytes(names[whole(names.length)], 'A', { additionals });
    for (let changes = whole(6); changes > 0; changes--) packet[whole(packet.length)] = whole(256);
    const fate = random();
    if (fate < 0.2) packet = packet.subarray(0, whole(packet.length + 1));
    else if (fate < 0.4) packet = Buffer.concat([packet, Buffer.alloc(whole(700), whole(256))]);
  }
  if (packet.length > 1) packet[1] = (packet[1] & 0xfe) | (isResponse(packet) ? 1 : 0);
  return packet;
}
