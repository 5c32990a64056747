import { TOP, type NameTree } from './name-tree.js';

/**
 * The nodes of all names that exist, empty non-terminals included, in canonical order (RFC 4034 s.6.1): each name before
 * those below it.
 */
export function canonicalOrder(names: NameTree): Uint32Array {
  const { starts, children } = childrenOf(names);
  const order = new Uint32Array(children.length + 1);
  const open = [TOP];
  for (let at = 0; at < order.length; at++) {
    const node = open.pop() ?? TOP;
    order[at] = node;
    for (let i = starts[node + 1] - 1; i >= starts[node]; i--) open.push(children[i]);
  }
  return order;
}

/** The children of node `n` in the order of their labels: those from `starts[n]` to `starts[n + 1]`. */
function childrenOf(names: NameTree): { starts: Uint32Array; children: Uint32Array } {
  const { count } = names;
  // Two places further on at first: it is then counted up to the end of the children, which is the start of the next ones.
  const starts = new Uint32Array(count + 2);
  for (let node = 1; node < count; node++) if (names.exists(node)) starts[names.parent(node) + 2]++;
  for (let i = 1; i < starts.length; i++) starts[i] += starts[i - 1];
  const children = new Uint32Array(starts[count + 1]);
  for (let node = 1; node < count; node++) if (names.exists(node)) children[starts[names.parent(node) + 1]++] = node;
  for (let node = 0; node < count; node++) {
    if (starts[node + 1] - starts[node] > 1)
      children.subarray(starts[node], starts[node + 1]).sort((one, other) => names.compareLabels(one, other));
  }
  return { starts, children };
}
