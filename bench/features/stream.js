export const label = 'a stream of one message in place of a reply, over TCP';
export const load = 'tcp-pipelined';
export const options = () => ({ off: {}, on: { filename: new URL('../handlers/stream.js', import.meta.url) } });
