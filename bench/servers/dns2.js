import dns2 from 'dns2';
import { addresses } from '../zone.js';

const { Packet } = dns2;
const port = Number(process.argv[2]);
const server = dns2.createServer({
  udp: true,
  tcp: true,
  handle: (request, send) => {
    const response = Packet.createResponseFromRequest(request);
    const [{ name }] = request.questions;
    const address = addresses.get(name.toLowerCase());
    response.header.aa = 1;
    if (address === undefined) response.header.rcode = Packet.RCODE.NXDOMAIN;
    else response.answers.push({ name, type: Packet.TYPE.A, class: Packet.CLASS.IN, ttl: 300, address });
    send(response);
  },
});
server.on('requestError', console.error);
await server.listen({ udp: { port, address: '127.0.0.1' }, tcp: { port, address: '127.0.0.1' } });
console.log('ready');
