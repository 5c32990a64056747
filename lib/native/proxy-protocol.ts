import type { Network } from '../dns/networks.js';

/** Which proxies are believed; see `lib/options/proxy-protocol.ts`. */
export interface NativeProxyOptions {
  from: readonly Network[];
  required: boolean;
  others: 'data' | 'skip' | 'refuse';
}

/** A header of the PROXY protocol. */
export interface NativeProxyHeader {
  /** In bytes; 0: there is none. */
  size: number;
  /**
   * The address of the client and the address that it asked, 16 bytes each, IPv4 mapped to IPv6. Undefined, as are the
   * ports, if the ends are those of the connection itself.
   */
  ends?: Uint8Array;
  clientPort?: number;
  localPort?: number;
}

/** Which proxies a socket believes. Addresses are numeric. */
export interface ProxyProtocol {
  /** Whether the address is that of a proxy. */
  trusts(peer: string): boolean;
  /** Whether a connection from the address may begin with a header. */
  examines(peer: string): boolean;
  /**
   * Reads the beginning of a connection from `peer`. Undefined: more bytes are needed. Null: the header is invalid or
   * missing, and the connection is to be closed.
   */
  read(bytes: Uint8Array, peer: string): NativeProxyHeader | undefined | null;
}
