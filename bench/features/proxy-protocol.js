export const label = 'PROXY protocol, the query has no header';
export const load = 'udp-bursts';
export const options = () => ({ off: {}, on: { proxyProtocol: { from: ['127.0.0.1'] } } });
