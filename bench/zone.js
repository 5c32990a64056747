// The zone that every contender serves: 1,000 names with an A record each, and the questions that are asked of it.
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
