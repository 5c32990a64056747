export const label = 'cache.shareMisses, a small cache that most queries miss';
export const load = 'udp-bursts';
export const options = () => ({
  off: { cache: { maxBytes: 1 << 16 } },
  on: { cache: { maxBytes: 1 << 16, shareMisses: 1000 } },
});
