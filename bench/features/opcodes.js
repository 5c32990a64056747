export const label = 'opcodes NOTIFY and UPDATE, the client sends queries';
export const load = 'udp-bursts';
export const options = () => ({ off: {}, on: { opcodes: ['QUERY', 'NOTIFY', 'UPDATE'] } });
