/** Reads a Corefile: what to serve, where, and with which directives. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { DEFAULT_PORTS } from '../socket/addresses.js';
import { groupByAddress } from './addresses.js';
import type { Environment } from './environment.js';
import { Faults, type CorefileWarning } from './errors.js';
import { keyWarnings, parseKey } from './keys.js';
import { parseCorefile, type ParsedCorefile, type ServerBlockSyntax } from './parser.js';
import type { Corefile } from './read-corefile.js';
import { DirectiveReader } from './reader.js';
import { knownDirectives, type DirectiveRegistry } from './registry.js';
import type { ServerBlock } from './server-block.js';
import { unknownDirective } from './unknown.js';

export type { Corefile } from './read-corefile.js';

/** What CoreDNS serves if a Corefile has no server block. */
const DEFAULT_COREFILE = '. {\n whoami\n log\n}\n';

/** Options of {@link loadCorefile}. */
export interface LoadOptions {
  /** The known directives; default: those of this thread. */
  registry?: DirectiveRegistry;
  /** Default `process.env`. */
  environment?: Environment;
  /** The port of keys without one and of transport `dns`; default 53. */
  dnsPort?: number;
}

/**
 * Reads a Corefile from a text, or from the file at `path`. A text is called `Corefile` in messages, and its imports
 * are relative to the working directory. Without a server block it is `. { whoami; log }`, as in CoreDNS.
 *
 * Throws a {@link CorefileError} with `code`, `file` and `line`, which names all errors, or a system error if the file
 * at `path` cannot be read.
 */
export function loadCorefile(corefile: string | { path: string }, options: LoadOptions = {}): Corefile {
  const faults = new Faults();
  const read = readCorefile(corefile, options, faults);
  faults.throwAny();
  return read;
}

/** Reads a Corefile as {@link loadCorefile} does, but adds its errors to `faults`, and returns what could be read. */
export function readCorefile(
  corefile: string | { path: string },
  { registry = knownDirectives, environment = process.env, dnsPort = DEFAULT_PORTS.dns }: LoadOptions,
  faults: Faults,
): Corefile {
  const file = typeof corefile === 'string' ? 'Corefile' : corefile.path;
  const text = typeof corefile === 'string' ? corefile : readFileSync(file, 'utf8');
  const unknown = (name: string): string | undefined =>
    registry.get(name) === undefined ? unknownDirective(name, registry.names()) : undefined;
  const parse = (what: string): ParsedCorefile => parseCorefile(what, { file, environment, unknown });
  let parsed = parse(text);
  for (const fault of parsed.faults) faults.add(fault);
  if (parsed.blocks.length === 0) parsed = parse(DEFAULT_COREFILE);
  const blocks = parsed.blocks.map(({ keys }): ServerBlock => ({
    zones: keys.flatMap((key) => faults.gather(() => parseKey(key, dnsPort)) ?? []),
    directives: [],
    listen: {},
  }));
  const odd = parsed.blocks.flatMap(({ keys }) => keys.flatMap(keyWarnings));
  const said = configure(blocks, parsed.blocks, registry, faults);
  const { addresses, warnings } = groupByAddress(blocks, faults);
  const hash = createHash('sha512').update(JSON.stringify(parsed.blocks)).digest('hex');
  return { blocks, addresses, warnings: [...parsed.warnings, ...odd, ...said, ...warnings], hash };
}

/**
 * Configures the directives from their uses: one directive after the other, in the order of the chain, as CoreDNS does.
 * Returns their warnings.
 */
function configure(
  blocks: ServerBlock[],
  syntax: ServerBlockSyntax[],
  registry: DirectiveRegistry,
  faults: Faults,
): CorefileWarning[] {
  const warnings: CorefileWarning[] = [];
  for (const name of registry.names()) {
    blocks.forEach((block, index) => {
      const uses = syntax[index].directives.filter((directive) => directive.name.text === name);
      const setup = registry.get(name)?.setup;
      // A block without a zone has an error already.
      if (uses.length === 0 || setup === undefined || block.zones.length === 0) return;
      const zones = block.zones.map(({ zone }) => zone);
      const { transport, port } = block.zones[0];
      const address = { transport, address: block.listen.addresses?.[0] ?? '', port };
      const directives = syntax[index].directives.map((directive) => directive.name.text);
      const readers = uses.map((use) => new DirectiveReader(use, name, warnings));
      faults.gather(() => {
        // A value that cannot be cloned fails here and not when a worker starts.
        const config = structuredClone(setup.configure(readers, { zones, directives, address }));
        const listen = setup.listen?.(config) ?? {};
        const { file, line } = readers[0];
        block.directives.push({ name, config, listen, file, line });
        Object.assign(block.listen, listen);
      });
    });
  }
  return warnings;
}
