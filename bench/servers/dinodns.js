import { common } from 'dinodns';
import { addresses, ORIGIN } from '../zone.js';

const { DefaultServer, DNSOverTCP, DNSOverUDP } = common;
const endpoint = { address: '127.0.0.1', port: Number(process.argv[2]) };
const server = new DefaultServer({ networks: [new DNSOverTCP(endpoint), new DNSOverUDP(endpoint)] });
server.handle(`*.${ORIGIN}`, (request, response) => {
  const [{ name }] = request.packet.questions;
  const data = addresses.get(name.toLowerCase());
  return data === undefined
    ? response.errors.nxDomain()
    : response.answer({ name, type: 'A', class: 'IN', ttl: 300, data });
});
server.start(() => console.log('ready'));
