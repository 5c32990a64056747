/**
 * `multisocket/adapters`: handlers that were written for other libraries, as handlers of this one.
 *
 * @packageDocumentation
 */
export { fromDinodns, type DinoHandler, type DinoPacket, type DinoRequest, type DinoResponse } from './dinodns.js';
export { fromDnsPacket, type AnsweredPacket, type DnsPacketHandler } from './dns-packet.js';
export {
  fromDns2,
  type Dns2,
  type Dns2Client,
  type Dns2Handler,
  type Dns2Request,
  type Dns2Send,
} from './dns2-handler.js';
export type { Dns2ServerOptions, DnsServer, DohOptions, DohServer, TcpServer, UdpServer } from './dns2-servers.js';
export type { RequestEmitter, TransportServer } from './dns2-transport.js';
export { withMultisocket, type Dns2Servers, type WithMultisocket } from './dns2.js';
export {
  fromNativeDns,
  type NativeDnsEdns,
  type NativeDnsHandler,
  type NativeDnsHeader,
  type NativeDnsRecord,
  type NativeDnsRequest,
  type NativeDnsResponse,
} from './native-dns.js';
