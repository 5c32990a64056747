import { networks } from './networks.js';
import { flag, oneOf, required, type Option, type OptionsOf, type ResolvedOf } from './option.js';
import { group } from './table.js';

/** Options of `proxyProtocol`. */
export const proxyProtocol = {
  /** Addresses and networks of the proxies (`'192.0.2.1'`, `'2001:db8::/32'`), at most 256. */
  from: required(networks()),
  /**
   * Whether everything must begin with a header from one of these. Other connections are closed, and other datagrams are
   * dropped. Default false.
   */
  required: flag(false),
  /**
   * What a header from any other address is: `'data'`, the beginning of a message, which is then invalid; `'skip'`, a
   * header that is skipped and not believed; `'refuse'`, a reason to close the connection or to drop the datagram. Default
   * 'data'.
   */
  others: oneOf(['data', 'skip', 'refuse'], 'data'),
};

/**
 * Which proxies are believed when they name their clients by the PROXY protocol: versions 1 and 2 on TCP, TLS, HTTPS and
 * gRPC, version 2 on UDP. `query.client`, limits, logs and access rules then have the real client, and `query.local` has
 * the address that the client asked.
 */
export interface ProxyProtocolOptions extends OptionsOf<typeof proxyProtocol> {}
/** {@link ProxyProtocolOptions}, checked and complete. */
export type ProxyProtocolConfig = ResolvedOf<typeof proxyProtocol>;

/** The options of {@link proxyProtocol}. */
export const proxyProtocolGroup: Option<ProxyProtocolOptions, ProxyProtocolConfig> = group(proxyProtocol);
