/** A Corefile at work without its program: one server that hands its queries to the chain of the first server block. */
import { Chain } from '../../dist/corefile/chain.js';
import { loadCorefile, type Corefile } from '../../dist/corefile/corefile.js';
import type { DirectiveDefinition } from '../../dist/corefile/directive.js';
import { DirectiveRegistry } from '../../dist/corefile/registry.js';
import type { Server } from 'multisocket';
import { serve } from './server.js';

/** Some directives by themselves, with `answer NAME TYPE TEXT` as the end of the chain if wanted. */
export function registryOf(...definitions: DirectiveDefinition<never>[]): DirectiveRegistry {
  const registry = new DirectiveRegistry();
  for (const definition of definitions) registry.register(definition);
  return registry;
}

/** Reads the lines of one server block. */
export function load(registry: DirectiveRegistry, lines: string, key = '.'): Corefile {
  return loadCorefile(`${key} {\n${lines}\n}`, { registry, environment: {} });
}

/** What `configure` of the first directive makes of the lines. */
export function configOf(registry: DirectiveRegistry, lines: string, key = '.'): unknown {
  return load(registry, lines, key).blocks[0].directives[0].config;
}

/** Serves the lines of one server block. */
export async function serveChain(
  registry: DirectiveRegistry,
  lines: string,
  key = '.',
): Promise<{ server: Server; port: number; warnings: (Error & { code?: string })[]; chain: Chain }> {
  const runtime = { index: 0, logger: console, signal: new AbortController().signal };
  const chain = await Chain.start(load(registry, lines, key).blocks[0], runtime, registry);
  const started = await serve({ workers: 0, sockets: 1, handler: chain.handle });
  return { ...started, chain };
}
