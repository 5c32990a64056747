/** Decides for each `cache` whether native code or the chain returns its answers. */
import { isDeepStrictEqual } from 'node:util';
import type { ServedAddress } from './addresses.js';
import type { Corefile } from './corefile.js';
import { knownDirectives, type DirectiveRegistry } from './registry.js';
import type { ServerBlock } from './server-block.js';

/**
 * The most caches that an address asks before the chain: each costs a look-up for every query that it does not answer.
 */
export const MAX_NATIVE_CACHES = 4;

/** Native if `chain` is undefined; otherwise `chain` is the reason against it, a phrase that follows `for`. */
export interface CacheMode {
  chain: string | undefined;
}

/**
 * The mode of each server block, by its index; undefined for those without `cache`.
 *
 * Native code finds an answer by the question alone. So no directive before `cache` may need to see the query, and the
 * answer of a block at one address must also be its answer at all its other addresses, where another block could have
 * the name.
 */
export function cacheModes(
  { blocks, addresses }: Pick<Corefile, 'blocks' | 'addresses'>,
  registry: DirectiveRegistry = knownDirectives,
): (CacheMode | undefined)[] {
  const modes = blocks.map((block, index) => modeOf(block, servedAt(index, addresses), registry));
  for (const { zones } of addresses) {
    const native = [...new Set(zones.map(({ block }) => block))].filter((block) => isNative(modes[block]));
    if (native.length <= MAX_NATIVE_CACHES) continue;
    const chain = `more than ${MAX_NATIVE_CACHES} server blocks of an address have one`;
    for (const block of native) modes[block] = { chain };
  }
  return modes;
}

/** Whether a block has the directive and native code returns its answers. */
export function isNative(mode: CacheMode | undefined): boolean {
  return mode !== undefined && mode.chain === undefined;
}

function modeOf(
  { directives }: ServerBlock,
  [first, ...others]: readonly ServedAddress[],
  registry: DirectiveRegistry,
): CacheMode | undefined {
  const place = directives.findIndex(({ name }) => name === 'cache');
  if (place < 0) return undefined;
  const before = directives.slice(0, place).find(({ name }) => {
    const setup = registry.get(name)?.setup;
    return setup?.start !== undefined && setup.seesCached !== false;
  });
  if (before !== undefined) return { chain: `${before.name} sees each query` };
  const differs = others.some(({ zones }) => !isDeepStrictEqual(zones, first.zones));
  return { chain: differs ? 'its addresses have other zones' : undefined };
}

function servedAt(block: number, addresses: readonly ServedAddress[]): ServedAddress[] {
  return addresses.filter(({ zones }) => zones.some((zone) => zone.block === block));
}
