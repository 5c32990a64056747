// A program of dns2, written once for dns2's own servers (dns2.js) and for the adapter's (dns2-adapter.js). Argument: port.
import { addresses } from '../zone.js';

/** Serves, and says so. `dns2`: that module, or what the adapter makes of it. */
export async function serve(dns2) {
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
}
