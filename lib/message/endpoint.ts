/** One end of a conversation. */
export interface Endpoint {
  /** Numeric; IPv4-mapped addresses are given as IPv4. */
  address: string;
  port: number;
  family: 'IPv4' | 'IPv6';
}
