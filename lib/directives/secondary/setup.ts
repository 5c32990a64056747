/**
 * `secondary [ZONE...] { transfer from ADDRESS...; fallthrough [ZONE...]; key NAME ALGORITHM SECRET; tls CA;
 * store FOLDER|off }`: serves zones that are transferred from other servers.
 */
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { resolve } from 'node:path';
import type { ConnectionOptions } from 'node:tls';
import type { Primary } from '../../authority/transfer-in/primary.js';
import type { DirectiveDefinition } from '../../corefile/directive.js';
import type { DirectiveReader } from '../../corefile/reader.js';
import { MAX_PORT } from '../../dns/numbers.js';
import type { TsigKey } from '../../dns/tsig.js';
import { resolve as resolveOptions } from '../../options/table.js';
import { tsigKey } from '../../options/tsig.js';
import { parseUpstream } from '../../options/upstream.js';
import { lastOfEachZone, readFallthrough, readZones } from '../arguments.js';
import { SecondaryHandler } from './secondary-handler.js';
import { sourcesOf, type SecondaryOptions } from './options.js';
import { checkFolders, serveSecondaries } from './serve.js';

const DNS_PORT = 53;
/** RFC 9103 s.8.1. */
const TLS: ConnectionOptions = { minVersion: 'TLSv1.3' };
/** The schemes of addresses that CoreDNS reads as a part of the address, and we cannot transfer by. */
const SCHEME = /^[a-z0-9]+:\/\//;

/** Its configuration is the options of each of its uses in a server block, at least one. */
export const secondary: DirectiveDefinition<SecondaryOptions[]> = {
  name: 'secondary',
  setup: {
    configure: (uses, block) =>
      lastOfEachZone(
        uses,
        uses.map((use) => readUse(use, block.zones)),
      ),
    check: checkFolders,
    dependsOn: [],
    opcodes: ['NOTIFY'],
    sources: (uses) => uses.flatMap(sourcesOf).map(({ source }) => source),
    serve: (configs, runtime) => serveSecondaries(configs.flat(), runtime),
    start(uses, { served, tell }) {
      const sources = uses.flatMap((use) => sourcesOf(use).map(({ source }) => ({ ...use, source })));
      return new SecondaryHandler(uses, served.serve(sources), tell);
    },
  },
};

function readUse(use: DirectiveReader, zones: readonly string[]): SecondaryOptions {
  const options = {
    zones: readZones(use, use.args, zones),
    primaries: [] as Primary[],
    key: undefined as TsigKey | undefined,
    ca: undefined as string | undefined,
    store: undefined as string | null | undefined,
    fallthrough: [] as string[],
  };
  for (const line of use.block) {
    if (line.name === 'fallthrough') {
      options.fallthrough = readFallthrough(line);
      continue;
    }
    if (line.name === 'transfer') {
      line.ignoreBlock();
      options.primaries.push(...readTransfer(line));
      continue;
    }
    line.refuseBlock();
    if (line.name === 'key') options.key = readKey(line);
    else if (line.name === 'tls') options.ca = readAuthorities(line);
    else if (line.name === 'store') options.store = readStore(line);
    else if (line.name === 'catalog') throw line.error('catalog zones (RFC 9432) are not supported');
    else throw line.error(`unknown property '${line.name}'`);
  }
  if (options.primaries.length === 0) throw use.error('secondary zones require a transfer from property');
  const { ca, primaries, ...others } = options;
  const encrypted = (tls: ConnectionOptions): ConnectionOptions => ({
    ...TLS,
    ...tls,
    ...(ca === undefined ? {} : { ca }),
  });
  return {
    ...others,
    primaries: primaries.map(({ tls, ...to }) => (tls === undefined ? to : { ...to, tls: encrypted(tls) })),
  };
}

function readTransfer(line: DirectiveReader): Primary[] {
  if (line.args.length === 0) throw line.argError();
  const [word, ...addresses] = line.args;
  if (word !== 'from') throw line.error(`unknown property ${word}`);
  if (addresses.length === 0) throw line.argError();
  return addresses.map((address) => readPrimary(line, address));
}

/** `IP`, `IP:PORT`, `[IPV6]:PORT`, and `tls://IP[%NAME][:PORT]`, where NAME is that of the certificate. */
function readPrimary(line: DirectiveReader, text: string): Primary {
  if (text === '*') throw line.error("can't use '*' in transfer from");
  if (text.startsWith('tls://')) return readEncrypted(line, text);
  const parts = (/^(?:\[([^\]]*)\]|([^:]*)):([^:]*)$/.exec(text) ?? []) as (string | undefined)[];
  const [, bracketed, plain, digits = ''] = parts;
  const host = bracketed ?? plain ?? text;
  const [ip] = host.split('%');
  const address = isIP(ip) === 4 ? ip : host; // the interface of an IPv4 address has no meaning
  if (SCHEME.test(text) || isIP(address) === 0) throw line.error(`must specify an IP address: \`${text}'`);
  const port = digits === '' ? DNS_PORT : Number(/^\d+$/.exec(digits)?.[0]);
  if (port >= 1 && port <= MAX_PORT) return { address, port };
  throw line.error(`invalid port in \`${text}': 1 to ${MAX_PORT}`);
}

function readEncrypted(line: DirectiveReader, text: string): Primary {
  const [{ address, port, servername }] = parse(line, text);
  if (isIP(address) === 0) throw line.error(`must specify an IP address: \`${text}'`);
  return { address, port, tls: servername === undefined ? {} : { servername } };
}

function parse(line: DirectiveReader, text: string): ReturnType<typeof parseUpstream> {
  try {
    return parseUpstream(text);
  } catch (error) {
    throw line.error((error as Error).message);
  }
}

/** The text of a file with certificates in PEM. */
function readAuthorities(line: DirectiveReader): string {
  const [path] = line.arguments(1);
  try {
    const ca = readFileSync(path, 'utf8');
    new X509Certificate(ca);
    return ca;
  } catch (error) {
    throw line.error(`tls ${path}: ${(error as Error).message}`);
  }
}

function readKey(line: DirectiveReader): TsigKey {
  const [name, algorithm, secret] = line.arguments(3);
  try {
    return resolveOptions('key', tsigKey, { name, algorithm: algorithm.toLowerCase(), secret });
  } catch (error) {
    throw line.error((error as Error).message);
  }
}

function readStore(line: DirectiveReader): string | null {
  const [folder] = line.arguments(1);
  return folder === 'off' ? null : resolve(folder);
}
