// The zone that every contender serves: 1,000 names with an A record each, and the questions that are asked of it.
import { closeSync, openSync, writeSync } from 'node:fs';
import packet from 'dns-packet';

export const ORIGIN = 'bench.example';
const NAMES = 1000;

/** @type {Map<string, string>} name, without the last dot, to address */
export const addresses = new Map(Array.from({ length: NAMES }, (_, i) => [`host${i}.${ORIGIN}`, `192.0.2.${i % 256}`]));

/** The zone as a master file (RFC 1035 s.5). */
export const masterFile = [
  `$ORIGIN ${ORIGIN}.`,
  '$TTL 300',
  '@ IN SOA ns hostmaster 1 3600 900 604800 300',
  '@ IN NS ns',
  'ns IN A 192.0.2.53',
  ...Array.from(addresses, ([name, address]) => `${name}. IN A ${address}`),
  '',
].join('\n');

/** One query a name. @type {Buffer[]} */
export const questions = Array.from(addresses.keys(), (name) =>
  packet.encode({
    type: 'query',
    id: 0,
    flags: packet.RECURSION_DESIRED,
    questions: [{ name, type: 'A', class: 'IN' }],
  }),
);

/** Records that are written at a time. */
const CHUNK = 10_000;

/** Writes a zone of so many names with an A record each, in parts: a million are more than one text should be. */
export function writeZone(file, count) {
  const out = openSync(file, 'w');
  writeSync(
    out,
    `$ORIGIN ${ORIGIN}.\n$TTL 300\n@ IN SOA ns hostmaster 1 3600 900 604800 300\n@ IN NS ns\nns IN A 192.0.2.53\n`,
  );
  for (let at = 0; at < count; at += CHUNK) {
    const names = Array.from({ length: Math.min(CHUNK, count - at) }, (_, i) => at + i);
    writeSync(out, names.map((i) => `host${i} IN A 192.0.${(i >> 8) & 255}.${i & 255}\n`).join(''));
  }
  closeSync(out);
}

/** So many questions for names of {@link writeZone} that are spread over the whole zone, with DO or without EDNS. @returns {Buffer[]} */
export function largeQuestions(count, asked, dnssec) {
  const opt = { type: 'OPT', name: '.', udpPayloadSize: 1232, flags: packet.DNSSEC_OK, options: [] };
  return Array.from({ length: asked }, (_, i) =>
    packet.encode({
      type: 'query',
      id: 0,
      flags: packet.RECURSION_DESIRED,
      questions: [
        {
          name: `host${Math.floor(((i * 0x9e3779b1) % 2 ** 32) * (count / 2 ** 32))}.${ORIGIN}`,
          type: 'A',
          class: 'IN',
        },
      ],
      additionals: dnssec ? [opt] : [],
    }),
  );
}
