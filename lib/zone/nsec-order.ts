/** The chain of NSEC records: names in canonical order (RFC 4034 s.6.1), each of which knows the next one. */
import { TYPE } from '../dns/numbers.js';
import { canonicalOrder } from './canonical-order.js';
import { sharedNumbers } from './columns.js';
import { TOP, type NameTree } from './name-tree.js';
import { NO_SET } from './rrsets.js';
import type { ZoneData } from './zone-data.js';

/** The nodes that own an NSEC record, in canonical order, in shared memory. */
export function nsecOrder(data: ZoneData): Uint32Array {
  const owners = canonicalOrder(data.names).filter((node) => data.find(node, TYPE.NSEC) !== NO_SET);
  const order = sharedNumbers(owners.length);
  order.set(owners);
  return order;
}

/** The last node of `order` that is not behind a place; undefined if all are behind it. `compare`: below 0 before it. */
export function lastUpTo(order: Uint32Array, compare: (node: number) => number): number | undefined {
  let low = 0;
  let high = order.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compare(order[middle]) <= 0) low = middle + 1;
    else high = middle;
  }
  return low === 0 ? undefined : order[low - 1];
}

/** The canonical order of two nodes: below 0 if `one` is the first. */
export function compareNodes(names: NameTree, one: number, other: number): number {
  const [depth, otherDepth] = [depthOf(names, one), depthOf(names, other)];
  let a = above(names, one, depth - otherDepth);
  let b = above(names, other, otherDepth - depth);
  if (a === b) return depth - otherDepth;
  while (names.parent(a) !== names.parent(b)) {
    a = names.parent(a);
    b = names.parent(b);
  }
  return names.compareLabels(a, b);
}

/**
 * The canonical order of a node and of a name that is no node: that of `label`, octets in lower case, right below
 * `parent`. Below 0 if the node is the first.
 */
export function compareToChild(names: NameTree, node: number, parent: number, label: Buffer): number {
  const below = depthOf(names, node) - depthOf(names, parent);
  if (below <= 0) return compareNodes(names, node, parent) || -1;
  const sibling = above(names, node, below - 1);
  return names.parent(sibling) === parent
    ? Buffer.compare(names.label(sibling), label)
    : compareNodes(names, node, parent);
}

function depthOf(names: NameTree, node: number): number {
  let depth = 0;
  for (let at = node; at !== TOP; at = names.parent(at)) depth++;
  return depth;
}

/** The node so many levels above another one; the node itself for 0 and less. */
function above(names: NameTree, node: number, levels: number): number {
  let at = node;
  for (let i = 0; i < levels; i++) at = names.parent(at);
  return at;
}
