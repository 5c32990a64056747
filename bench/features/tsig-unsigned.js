export const label = 'TSIG, the client does not sign';
export const load = 'udp-bursts';
export const options = () => ({
  off: {},
  on: { tsig: { keys: [{ name: 'bench.key', secret: Buffer.alloc(32, 1) }] } },
});
