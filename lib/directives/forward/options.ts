/** What a use of `forward` says. All of it can be cloned into a worker. */

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

/** PEM texts; each undefined where it is not given. */
export interface TlsFiles {
  cert: string | undefined;
  key: string | undefined;
  /** Default: the authorities that Node knows. */
  ca: string | undefined;
}

/** See the file's head. */
export interface ForwardOptions {
  /** Zones whose names are forwarded; each as a query's `key`. */
  from: readonly string[];
  /** 1 to 15. */
  to: readonly UpstreamOptions[];
  /** Zones whose names are not. */
  except: readonly string[];
  forceTcp: boolean;
  preferUdp: boolean;
  /** Milliseconds that a connection is kept without a query. */
  expire: number;
  /** Failed health checks in a row after which an upstream counts as down; 0: it never does. */
  maxFails: number;
  /** Milliseconds after which a connection is used for no other query; 0: no such bound. */
  maxAge: number;
  /** Connections without a query that are kept for each upstream; 0: no such bound. */
  maxIdleConns: number;
  /** Milliseconds that an upstream has for its answer. */
  readTimeout: number;
  /** How often a query is sent at most. */
  maxAttempts: number;
  /** Servers that are asked for the addresses of hosts, as `IP`, `IP:PORT` or `[IPV6]:PORT`; none: the system. */
  resolvers: readonly string[];
  /** The address of ours that all queries leave from; default: the kernel's choice. */
  sourceAddress: string | undefined;
  policy: PolicyName;
  healthCheck: {
    /** Milliseconds between checks of an upstream that has failed. */
    interval: number;
    recursionDesired: boolean;
    /** The name whose NS records are asked for, as a query's `key`. */
    domain: string;
  };
  /** Queries that wait for upstreams at a time; 0: no bound. */
  maxConcurrent: number;
  tls: TlsFiles;
  /** RCODEs with which the next `forward` is asked. */
  next: readonly string[];
  /** Whether an answer without data makes the next `forward` be asked. */
  nextOnNodata: boolean;
  /** RCODEs with which the next upstream is asked. */
  failover: readonly string[];
  /** SERVFAIL when all upstreams are down; else a random one is asked. */
  failfast: boolean;
}
