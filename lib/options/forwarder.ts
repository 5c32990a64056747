/** The options of `createForwarder`. The directive `forward` has the same ones. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { isIP, isIPv6 } from 'node:net';
import { checkedRcodeNumber, type Rcode } from '../dns/registry.js';
import { normalizeName } from '../dns/names.js';
import { invalidValue } from '../errors.js';
import { DAY, MAX_INT32 } from './numbers.js';
import {
  converted,
  flag,
  integer,
  isTexts,
  oneOf,
  optional,
  required,
  secret,
  text,
  value,
  type OptionsOf,
  type ResolvedOf,
} from './option.js';
import { group, groupOfDefaults, resolve } from './table.js';
import { attempt } from './tls.js';
import { parseUpstream, type UpstreamOptions } from './upstream.js';

/** The most upstreams; CoreDNS's limit. */
export const MAX_UPSTREAMS = 15;

/** Options of `healthCheck`. */
export const healthCheck = {
  /** Milliseconds between checks of an upstream that has failed. 0 to 86,400,000; default 500. */
  interval: integer({ min: 0, max: DAY, default: 500 }),
  /** Whether checks have the flag RD. Default true. */
  recursionDesired: flag(true),
  /** The name whose NS records checks ask for. Default: the root. */
  domain: { ...converted(text(), readName), default: '.', otherwise: 'the root' },
};

/** How a failed upstream is checked until it answers. Any answer counts as healthy. */
export interface HealthCheckOptions extends OptionsOf<typeof healthCheck> {}

/** Options of `tls`. */
export const upstreamTls = {
  /** Certificates in PEM that sign those of the upstreams. Default: Node's default ones. */
  ca: optional(converted(value('a string', isText), readCertificates), "Node's default ones"),
  /** The certificate in PEM that upstreams get of this client; needs `key`. Default: none. */
  cert: optional(converted(value('a string', isText), readCertificates), 'none'),
  /** Its private key in PEM, not encrypted. Default: none. */
  key: optional(converted(secret('a string', isText), readKey), 'none'),
};

/** Certificates for upstreams by `tls://` and `https://`. */
export interface UpstreamTlsOptions extends OptionsOf<typeof upstreamTls> {}

/** Options of `createForwarder`. */
export const forwarder = {
  /**
   * The servers that are asked: `'192.0.2.1'`, `'192.0.2.1:5353'`, `'[2001:db8::1]:53'` by UDP and TCP;
   * `'tls://192.0.2.1%dns.example'`, where the text after `%` is the name in the certificate;
   * `'https://dns.example/dns-query'`, also with `%NAME` and a port; a path such as `'/etc/resolv.conf'`, whose lines
   * `nameserver IP` are read. A list of them, or one alone. 1 to 15 upstreams.
   */
  upstreams: required(
    converted(
      value('a string or an array of strings', isTextOrTexts),
      readUpstreams,
      `1 to ${MAX_UPSTREAMS} upstreams`,
    ),
  ),
  /**
   * Which upstream is asked first: one at random, the next in turn, or the first one in the list. The others follow if it
   * fails. Default 'random'.
   */
  policy: oneOf(['random', 'round_robin', 'sequential'], 'random'),
  /** Milliseconds that a query may take in total. 1 to 86,400,000; default 4,800. */
  timeout: integer({ min: 1, max: DAY, default: 4800 }),
  /** Milliseconds that one upstream may take to answer. 1 to 86,400,000; default 2,000. */
  readTimeout: integer({ min: 1, max: DAY, default: 2000 }),
  /** How often a query is sent at most. 1 to 100; default: twice to each upstream. */
  maxAttempts: optional(integer({ min: 1, max: 100 }), 'twice to each upstream'),
  /** Queries that may wait at a time; further ones get REFUSED. 0: as many as 32,768. 0 to 2,147,483,647; default 0. */
  maxConcurrent: integer({ min: 0, max: MAX_INT32, default: 0 }),
  /** Whether upstreams without TLS are asked by TCP alone. Default false. */
  forceTcp: flag(false),
  /** Whether upstreams without TLS are asked by UDP first, even if the client did not ask by UDP. Default false. */
  preferUdp: flag(false),
  /** The method of HTTPS requests (RFC 8484 s.4.1). Default 'POST'. */
  httpMethod: oneOf(['POST', 'GET'], 'POST'),
  /** Milliseconds that an idle connection stays open. 0 to 86,400,000; default 10,000. */
  expire: integer({ min: 0, max: DAY, default: 10_000 }),
  /** Milliseconds after which a connection takes no more queries, at least `expire`; 0: no limit. 0 to 86,400,000; default 0. */
  maxAge: integer({ min: 0, max: DAY, default: 0 }),
  /** Idle connections that stay open for each upstream; 0: no limit. 0 to 2,147,483,647; default 0. */
  maxIdleConns: integer({ min: 0, max: MAX_INT32, default: 0 }),
  /**
   * Failed health checks in a row after which an upstream counts as down; 0: there are no checks. 0 to 2,147,483,647;
   * default 2.
   */
  maxFails: integer({ min: 0, max: MAX_INT32, default: 2 }),
  /** How a failed upstream is checked until it answers. Default: `{}`. */
  healthCheck: groupOfDefaults<HealthCheckOptions, ResolvedOf<typeof healthCheck>>(healthCheck),
  /** Response codes after which the next upstream is asked, such as `['SERVFAIL']`. Default: none. */
  failover: {
    ...converted(value('an array of response codes', isTexts), readRcodes),
    default: [] as readonly Rcode[],
    otherwise: 'none',
  },
  /** Whether queries fail at once if all upstreams are down; otherwise one of them is asked. Default false. */
  failfast: flag(false),
  /** Certificates for upstreams by `tls://` and `https://`. Default: `{}`. */
  tls: {
    ...group<UpstreamTlsOptions, ResolvedOf<typeof upstreamTls>>(upstreamTls, readTls),
    default: { ca: undefined, cert: undefined, key: undefined } as ResolvedOf<typeof upstreamTls>,
    otherwise: '`{}`',
  },
  /** The address that queries leave from. Default: the choice of the system. */
  sourceAddress: optional(converted(text(), readIp), 'the choice of the system'),
  /**
   * The servers that look up the hosts in `upstreams`, as `IP`, `IP:PORT` or `[IPV6]:PORT`. Default: those of the system,
   * after its hosts file.
   */
  resolvers: {
    ...converted(value('an array of strings', isTexts), readResolvers),
    default: [] as readonly string[],
    otherwise: 'those of the system, after its hosts file',
  },
};

/** Options of `createForwarder`. */
export interface ForwarderOptions extends OptionsOf<typeof forwarder> {}
/** {@link ForwarderOptions} after the check. They can be cloned into a worker. */
export type ForwarderConfig = ResolvedOf<typeof forwarder>;
/** How queries are spread over upstreams. */
export type PolicyName = ForwarderConfig['policy'];

/** Checks the options of `createForwarder` and fills in the defaults. Throws as `resolve`. */
export function checkForwarder(given: unknown): ForwarderConfig {
  const checked = resolve('', forwarder, given);
  const { maxAge, expire } = checked;
  if (maxAge === 0 || maxAge >= expire) return checked;
  throw invalidValue('maxAge', `must be 0 or at least "expire", which is ${expire}`, maxAge);
}

function isText(given: unknown): given is string {
  return typeof given === 'string';
}

function isTextOrTexts(given: unknown): given is string | readonly string[] {
  return typeof given === 'string' || isTexts(given);
}

/** Also reads the TO of the directive `forward`. */
function readUpstreams(path: string, given: string | readonly string[]): readonly UpstreamOptions[] {
  const upstreams = [given].flat().flatMap((address) => {
    try {
      return parseUpstream(address);
    } catch (cause) {
      const forms = 'IP, IP:PORT, [IPV6]:PORT, tls://, https:// or a file such as /etc/resolv.conf';
      const error = invalidValue(path, `must be addresses: ${forms} (${(cause as Error).message})`, address);
      throw Object.assign(error, { cause });
    }
  });
  if (upstreams.length >= 1 && upstreams.length <= MAX_UPSTREAMS) return upstreams;
  throw invalidValue(path, `must name 1 to ${MAX_UPSTREAMS} upstreams, not ${upstreams.length}`, given);
}

function readName(path: string, given: string): string {
  const name = normalizeName(given);
  if (name === undefined) throw invalidValue(path, 'must be a domain name', given);
  return name;
}

function readRcodes(path: string, given: readonly string[]): readonly Rcode[] {
  return given.map((name) => {
    try {
      if (checkedRcodeNumber(name as Rcode) > 0) return name as Rcode;
    } catch (cause) {
      throw Object.assign(invalidValue(path, 'must be response codes', name), { cause });
    }
    throw invalidValue(path, 'must be response codes other than NOERROR', name);
  });
}

function readCertificates(path: string, pem: string): string {
  attempt(path, 'must be certificates in PEM', () => new X509Certificate(pem));
  return pem;
}

function readKey(path: string, pem: string): string {
  attempt(path, 'must be a private key in PEM, not encrypted', () => createPrivateKey(pem));
  return pem;
}

function readTls(checked: ResolvedOf<typeof upstreamTls>, path: string): ResolvedOf<typeof upstreamTls> {
  if ((checked.cert === undefined) === (checked.key === undefined)) return checked;
  throw invalidValue(path, 'must have both "cert" and "key", or neither', Object.keys(checked));
}

function readIp(path: string, given: string): string {
  if (isIP(given) !== 0 && !given.includes('%')) return given;
  throw invalidValue(path, 'must be an IP address', given);
}

function readResolvers(path: string, given: readonly string[]): readonly string[] {
  return given.map((address) => {
    const resolver = parseResolver(address);
    if (resolver === undefined) throw invalidValue(path, 'must be IP, IP:PORT or [IPV6]:PORT', address);
    return resolver;
  });
}

/** Reads `IP`, `IP:PORT` or `[IPV6]:PORT`; undefined for another text. */
export function parseResolver(given: string): string | undefined {
  const host = /^\[([^\]]*)\]:\d+$|^([^:]*):\d+$/.exec(given)?.slice(1).join('') ?? given;
  if (isIP(host) === 0 || host.includes('%')) return undefined;
  return isIPv6(given) ? `[${given}]` : given;
}
