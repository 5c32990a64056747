// Tells each client its own address, as CoreDNS's `whoami` does: the address as A or AAAA and its port as SRV, both in
// the additional section. Runs in every worker.

/** @type {import('multisocket').Handler} */
export default function whoami(query, reply) {
  const { address, port, family } = query.client;
  const protocol = query.transport === 'udp' ? '_udp' : '_tcp';
  const name = query.name === '.' ? `${protocol}.` : `${protocol}.${query.name}`;
  reply.authoritative = true;
  // Every name there is gets its answer here: nobody has to ask further.
  reply.recursionAvailable = true;
  reply.additional(
    { type: family === 'IPv6' ? 'AAAA' : 'A', name: query.name, data: address },
    { type: 'SRV', name, data: { priority: 0, weight: 0, port, target: '.' } },
  );
}
