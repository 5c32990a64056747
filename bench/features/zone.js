export const label = 'a zone of multisocket/zone in place of a Map';
export const load = 'udp-bursts';
export const options = () => ({ off: {}, on: { filename: new URL('../handlers/zone.js', import.meta.url) } });
