const cache = { maxBytes: 1 << 24 };

export const label = 'query log of all queries, answered from the cache';
export const load = 'udp-bursts';
export const options = () => ({ off: { cache }, on: { cache, queryLog: { sink: () => undefined } } });
