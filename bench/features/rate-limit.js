export const label = 'rate limit, no client exceeds it';
export const load = 'udp-bursts';
export const options = () => ({ off: {}, on: { rateLimit: { responsesPerSecond: 100_000 } } });
