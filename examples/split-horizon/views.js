// Split horizon: clients of the inner network get the inner address. `varyBy` keeps the answer cache from mixing the
// two.
import { BlockList } from 'node:net';

const inside = new BlockList();
const addresses = { inside: '10.0.0.80', outside: '192.0.2.80' };

export function setup({ workerData }) {
  for (const [network, prefix] of workerData.inside) {
    inside.addSubnet(network, prefix, network.includes(':') ? 'ipv6' : 'ipv4');
  }
}

/** @type {import('multisocket').Handler} */
export default function answer(query, reply) {
  const { address, family } = query.client;
  const view = inside.check(address, family.toLowerCase()) ? 'inside' : 'outside';
  reply.authoritative = true;
  reply.cache({ varyBy: ['client'] });
  if (query.key !== 'www.example.org') reply.rcode = 'REFUSED';
  else if (query.type === 'A') reply.answer({ type: 'A', name: query.name, ttl: 60, data: addresses[view] });
  else reply.rcode = 'NOERROR';
}
