/** Reads a Corefile: what is to be served, where, and by which directives. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { DEFAULT_PORTS } from '../socket/addresses.js';
import { groupByAddress } from './addresses.js';
import type { Environment } from './environment.js';
import { keyWarnings, parseKey } from './keys.js';
import { parseCorefile, type ServerBlockSyntax } from './parser.js';
import type { Corefile } from './read-corefile.js';
import { DirectiveReader } from './reader.js';
import { directives, type DirectiveRegistry } from './registry.js';
import type { ServerBlock } from './server-block.js';

export type { Corefile } from './read-corefile.js';

/** What {@link loadCorefile} takes. */
export interface LoadOptions {
  /** The directives that there are; default: those of this thread. */
  registry?: DirectiveRegistry;
  /** Default `process.env`. */
  environment?: Environment;
  /** The port of keys without one and of transport `dns`; default 53. */
  dnsPort?: number;
}

/**
 * Reads a Corefile from a text, or from the file at `path`. A text is called `Corefile` in messages, and what it imports
 * is relative to the working directory.
 *
 * Throws a {@link CorefileError} with `code`, `file` and `line` at the first fault, and a system error when there is no
 * file to be read at `path`.
 */
export function loadCorefile(corefile: string | { path: string }, options: LoadOptions = {}): Corefile {
  const { registry = directives, environment = process.env, dnsPort = DEFAULT_PORTS.dns } = options;
  const file = typeof corefile === 'string' ? 'Corefile' : corefile.path;
  const text = typeof corefile === 'string' ? corefile : readFileSync(file, 'utf8');
  const isDirective = (name: string): boolean => registry.get(name) !== undefined;
  const parsed = parseCorefile(text, { file, environment, isDirective });
  const blocks = parsed.blocks.map(({ keys }): ServerBlock => ({
    zones: keys.flatMap((key) => parseKey(key, dnsPort)),
    plugins: [],
    listen: {},
  }));
  configure(blocks, parsed.blocks, registry);
  const { addresses, warnings } = groupByAddress(blocks);
  const odd = parsed.blocks.flatMap(({ keys }) => keys.flatMap(keyWarnings));
  const hash = createHash('sha512').update(JSON.stringify(parsed.blocks)).digest('hex');
  return { blocks, addresses, warnings: [...parsed.warnings, ...odd, ...warnings], hash };
}

/** Has each directive read its uses: one directive after the other, in the order of the chain, as CoreDNS does. */
function configure(blocks: ServerBlock[], syntax: ServerBlockSyntax[], registry: DirectiveRegistry): void {
  for (const name of registry.names()) {
    blocks.forEach((block, index) => {
      const uses = syntax[index].directives.filter((directive) => directive.name.text === name);
      const setup = registry.get(name)?.setup;
      if (uses.length === 0 || setup === undefined) return;
      const zones = block.zones.map(({ zone }) => zone);
      const { transport, port } = block.zones[0];
      const address = { transport, address: block.listen.addresses?.[0] ?? '', port };
      const readers = uses.map((use) => new DirectiveReader(use, name));
      // What cannot be cloned fails here and not when a worker starts.
      const config = structuredClone(setup.configure(readers, { zones, address }));
      const listen = setup.listen?.(config) ?? {};
      const { file, line } = readers[0];
      block.plugins.push({ name, config, listen, file, line });
      Object.assign(block.listen, listen);
    });
  }
}
