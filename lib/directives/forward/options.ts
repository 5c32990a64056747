/** An upstream. */
export interface UpstreamOptions {
  transport: 'dns' | 'tls';
  /** Numeric, IPv6 with or without `%zone`; in a Corefile also the name of a host. */
  address: string;
  port: number;
  /** The name that its certificate must have; default: the host's name, or its address. */
  servername: string | undefined;
}

/** How queries are spread over upstreams. */
export type PolicyName = 'random' | 'round_robin' | 'sequential';

/** PEM texts; each undefined if it is not given. */
export interface TlsFiles {
  cert: string | undefined;
  key: string | undefined;
  /** Default: Node's default authorities. */
  ca: string | undefined;
}

/** The options of one use of `forward`. They can be cloned into a worker. */
export interface ForwardOptions {
  /** Zones whose names are forwarded; each as a query's `key`. */
  from: readonly string[];
  /** 1 to 15. */
  to: readonly UpstreamOptions[];
  /** Zones whose names are not forwarded. */
  except: readonly string[];
  forceTcp: boolean;
  preferUdp: boolean;
  /** Milliseconds that an unused connection is kept. */
  expire: number;
  /** Failed health checks in a row after which an upstream counts as down; 0: never. */
  maxFails: number;
  /** Milliseconds after which a connection takes no more queries; 0: no limit. */
  maxAge: number;
  /** Unused connections that are kept for each upstream; 0: no limit. */
  maxIdleConns: number;
  /** Milliseconds that an upstream may take to answer. */
  readTimeout: number;
  /** The most times that a query is sent. */
  maxAttempts: number;
  /** Servers that are asked for the addresses of hosts, as `IP`, `IP:PORT` or `[IPV6]:PORT`; none: the system's. */
  resolvers: readonly string[];
  /** The address of ours that all queries leave from; default: the kernel's choice. */
  sourceAddress: string | undefined;
  policy: PolicyName;
  healthCheck: {
    /** Milliseconds between checks of an upstream that has failed. */
    interval: number;
    recursionDesired: boolean;
    /** The name whose NS records health checks ask for, as a query's `key`. */
    domain: string;
  };
  /** Queries that wait for upstreams at a time; 0: no limit. */
  maxConcurrent: number;
  tls: TlsFiles;
  /** RCODEs after which the next `forward` is asked. */
  next: readonly string[];
  /** Whether the next `forward` is asked after an answer without data. */
  nextOnNodata: boolean;
  /** RCODEs after which the next upstream is asked. */
  failover: readonly string[];
  /** Whether the answer is SERVFAIL if all upstreams are down; otherwise a random one is asked. */
  failfast: boolean;
}
