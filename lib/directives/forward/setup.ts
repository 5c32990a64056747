/** `forward FROM TO... { ... }`: forwards queries to upstream servers. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { createSecureContext } from 'node:tls';
import type { DirectiveDefinition } from '../../corefile/directive.js';
import { splitKey } from '../../corefile/keys.js';
import type { DirectiveReader } from '../../corefile/reader.js';
import { normalizeName } from '../../dns/names.js';
import type { Rcode } from '../../dns/registry.js';
import { resolveUpstreams } from '../../forward/resolve-upstreams.js';
import { checkForwarder, forwarder, MAX_UPSTREAMS, parseResolver, type PolicyName } from '../../options/forwarder.js';
import { parseUpstream, type UpstreamOptions } from '../../options/upstream.js';
import { rcodeOf, readDuration, readInteger, readZones } from '../arguments.js';
import { ForwardHandler } from './handler.js';
import type { ForwardOptions } from './options.js';

/** CoreDNS's limit of `max_fails` and `max_connect_attempts`. */
const MAX_COUNT = 0xffffffff;
/**
 * The most times a query is sent if `max_connect_attempts` sets no limit: an upstream may refuse many times in a
 * moment.
 */
const MAX_ATTEMPTS = 100;
const POLICIES: readonly string[] = forwarder.policy.choices;

type Draft = { -readonly [Key in keyof ForwardOptions]: ForwardOptions[Key] };

/** Its configuration is the options of each of its uses in a server block, at least one. */
export const forward: DirectiveDefinition<ForwardOptions[]> = {
  name: 'forward',
  setup: {
    configure: (uses) => uses.map(readUse),
    dependsOn: ['edns'],
    check: async (uses) => {
      await Promise.all(uses.map(lookUp));
      return [];
    },
    start: async (uses) => new ForwardHandler(await Promise.all(uses.map(lookUp))),
    // A question for the upstream's version (CLASS CHAOS) is forwarded, as in CoreDNS.
    anyClass: true,
  },
};

/** What a use has that says nothing but `forward FROM TO`. */
export const DEFAULTS: Omit<ForwardOptions, 'upstreams'> = {
  ...checkForwarder({ upstreams: '127.0.0.1' }),
  from: ['.'],
  except: [],
  next: [],
  nextOnNodata: false,
};

/** The same use with the addresses of its hosts. */
async function lookUp(use: ForwardOptions): Promise<ForwardOptions> {
  try {
    return await resolveUpstreams(use);
  } catch (cause) {
    throw new Error(`plugin/forward: ${(cause as Error).message}`, { cause });
  }
}

function readUse(use: DirectiveReader): ForwardOptions {
  const [from, ...to] = use.arguments(2, Infinity);
  const draft: Draft = { ...DEFAULTS, from: readFrom(use, from), upstreams: readUpstreams(use, to) };
  for (const line of use.block) {
    line.refuseBlock();
    readLine(line, draft);
  }
  if (draft.maxAge > 0 && draft.maxAge < draft.expire) {
    throw use.error(`max_age (${draft.maxAge} ms) must not be less than expire (${draft.expire} ms)`);
  }
  return draft;
}

function readFrom(use: DirectiveReader, text: string): string[] {
  try {
    return splitKey(text).zones;
  } catch {
    throw use.error(`unable to normalize '${text}'`);
  }
}

function readUpstreams(use: DirectiveReader, texts: readonly string[]): UpstreamOptions[] {
  const withPath = texts.find((text) => /^https:\/\/[^/]*\//.test(text));
  if (withPath !== undefined) {
    const path = 'the /dns-query path is used by default';
    throw use.error(`paths are not allowed in HTTPS upstream addresses (${path}): ${withPath}`);
  }
  const upstreams = texts.flatMap((text) => {
    const read = attempt(use, () => parseUpstream(text));
    if (read.length === 0) use.warn(`no nameservers found in ${text}`);
    return read;
  });
  if (upstreams.length === 0) throw use.error('no valid upstream addresses found');
  if (upstreams.length > MAX_UPSTREAMS) {
    throw use.error(`more than ${MAX_UPSTREAMS} TOs configured: ${upstreams.length}`);
  }
  return upstreams;
}

function readLine(line: DirectiveReader, draft: Draft): void {
  switch (line.name) {
    case 'except':
      draft.except = [...draft.except, ...readZones(line, line.arguments(1, Infinity), [])];
      break;
    case 'force_tcp':
      line.arguments(0);
      draft.forceTcp = true;
      break;
    case 'prefer_udp':
      line.arguments(0);
      draft.preferUdp = true;
      break;
    case 'expire':
      draft.expire = readDuration(line, line.arguments(1)[0]);
      break;
    case 'max_age':
      draft.maxAge = readDuration(line, line.arguments(1)[0]);
      break;
    case 'max_idle_conns':
      draft.maxIdleConns = readInteger(line, line.arguments(1)[0]);
      break;
    case 'read_timeout':
      draft.readTimeout = readDuration(line, line.arguments(1)[0]);
      if (draft.readTimeout === 0) throw line.error(`read_timeout must be positive: ${line.args[0]}`);
      break;
    case 'source_address':
      draft.sourceAddress = readIp(line, line.arguments(1)[0]);
      break;
    case 'resolver':
      draft.resolvers = line.arguments(1, Infinity).map((text) => readResolver(line, text));
      break;
    case 'max_fails':
      draft.maxFails = readCount(line);
      break;
    case 'max_connect_attempts':
      draft.maxAttempts = readCount(line) || MAX_ATTEMPTS;
      break;
    case 'max_concurrent':
      draft.maxConcurrent = readInteger(line, line.arguments(1)[0]);
      break;
    case 'policy':
      draft.policy = readPolicy(line);
      break;
    case 'health_check':
      draft.healthCheck = readHealthCheck(line);
      break;
    case 'tls':
      draft.tls = readTls(line);
      break;
    case 'tls_servername':
      draft.upstreams = readServername(line, draft.upstreams);
      break;
    case 'next':
      draft.next = readRcodes(line);
      break;
    case 'next_on_nodata':
      line.arguments(0);
      draft.nextOnNodata = true;
      break;
    case 'failover':
      draft.failover = readRcodes(line);
      if (draft.failover.includes('NOERROR')) throw line.error('failover with NOERROR makes no sense');
      break;
    case 'failfast_all_unhealthy_upstreams':
      line.arguments(0);
      draft.failfast = true;
      break;
    case 'doh_method':
      draft.httpMethod = readMethod(line);
      if (draft.upstreams.every(({ transport }) => transport !== 'https')) {
        line.warn('doh_method has no effect: no upstream is asked by HTTPS');
      }
      break;
    default:
      throw line.error(`unknown property '${line.name}'`);
  }
}

/** Digits alone, for a number of 32 bits. */
function readCount(line: DirectiveReader): number {
  const [text] = line.arguments(1);
  if (!/^\d+$/.test(text) || Number(text) > MAX_COUNT) throw line.error(`not a number from 0 to ${MAX_COUNT}: ${text}`);
  return readInteger(line, text);
}

function readPolicy(line: DirectiveReader): PolicyName {
  const [name] = line.arguments(1);
  if (!POLICIES.includes(name)) throw line.error(`unknown policy '${name}'`);
  return name as PolicyName;
}

function readMethod(line: DirectiveReader): ForwardOptions['httpMethod'] {
  const [method] = line.arguments(1);
  if (method !== 'GET' && method !== 'POST') throw line.error('doh_method must be either POST or GET');
  return method;
}

function readHealthCheck(line: DirectiveReader): ForwardOptions['healthCheck'] {
  const [interval, ...rest] = line.arguments(1, 4);
  const check = { interval: readDuration(line, interval), recursionDesired: true, domain: '.' };
  for (let i = 0; i < rest.length; i++) {
    if (rest[i] === 'no_rec') check.recursionDesired = false;
    else if (rest[i] === 'domain') {
      const name = rest.at(++i);
      if (name === undefined || i >= rest.length) throw line.argError();
      const domain = normalizeName(name);
      if (domain === undefined) throw line.error(`health_check: invalid domain name ${name}`);
      check.domain = domain;
    } else throw line.error(`health_check: unknown option ${rest[i]}`);
  }
  return check;
}

/** `tls`, `tls CA`, `tls CERT KEY` or `tls CERT KEY CA`: paths of PEM files. */
function readTls(line: DirectiveReader): ForwardOptions['tls'] {
  const paths = line.arguments(0, 3);
  const read = (index: number): string | undefined => {
    const path = paths.at(index);
    return path === undefined || index >= paths.length ? undefined : attempt(line, () => readFileSync(path, 'utf8'));
  };
  const files =
    paths.length === 1
      ? { cert: undefined, key: undefined, ca: read(0) }
      : { cert: read(0), key: read(1), ca: read(2) };
  attempt(line, () => {
    if (files.ca !== undefined) new X509Certificate(files.ca);
    if (files.cert !== undefined) createPrivateKey(files.key ?? '');
    createSecureContext(files);
  });
  return files;
}

function readIp(line: DirectiveReader, text: string): string {
  if (isIP(text) === 0 || text.includes('%')) throw line.error(`invalid IP address: ${text}`);
  return text;
}

/** `IP`, `IP:PORT` or `[IPV6]:PORT`. */
function readResolver(line: DirectiveReader, text: string): string {
  const resolver = parseResolver(text);
  if (resolver === undefined) throw line.error(`resolver must be an IP address or IP:port: ${JSON.stringify(text)}`);
  return resolver;
}

function readServername(line: DirectiveReader, to: readonly UpstreamOptions[]): UpstreamOptions[] {
  const [servername] = line.arguments(1);
  if (to.some((upstream) => upstream.servername !== undefined)) {
    throw line.error('tls_servername is given, and an upstream has a server name of its own');
  }
  const plain = to.filter(({ transport }) => transport === 'dns');
  if (plain.length > 0) {
    const names = plain.map(({ address }) => `${address} (tls://${address})`).join(', ');
    line.warn(`tls_servername has no effect on what is asked without TLS: ${names}`);
  }
  return to.map((upstream) => (upstream.transport === 'dns' ? upstream : { ...upstream, servername }));
}

function readRcodes(line: DirectiveReader): Rcode[] {
  return line.arguments(1, Infinity).map((name) => {
    const rcode = rcodeOf(name.toUpperCase());
    if (rcode === undefined) throw line.error(`${name} is not a valid rcode`);
    return rcode;
  });
}

/** Converts any error into one of this line. */
function attempt<T>(line: DirectiveReader, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw line.error((error as Error).message);
  }
}
