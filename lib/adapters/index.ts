/**
 * `multisocket/adapters`: handlers that were written for other libraries, as handlers of this one.
 *
 * @packageDocumentation
 */
export { fromDinodns, type DinoHandler, type DinoRequest, type DinoResponse } from './dinodns.js';
export { fromDnsPacket, type DnsPacketHandler } from './dns-packet.js';
export {
  fromDns2,
  withMultisocket,
  type Dns2,
  type Dns2Handler,
  type Dns2Send,
  type Dns2Server,
  type Dns2ServerOptions,
  type Dns2Servers,
} from './dns2.js';
export {
  fromNativeDns,
  type NativeDnsHandler,
  type NativeDnsRecord,
  type NativeDnsRequest,
  type NativeDnsResponse,
} from './native-dns.js';
