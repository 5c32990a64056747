/** Policies that choose the first and the next upstream. Sets of upstreams are bits by their numbers. */
import type { PolicyName } from '../options/forwarder.js';

/** Chooses one of `count` upstreams that is not in `tried`, which leaves at least one. */
export type Policy = (count: number, tried: number) => number;

/** Creates a policy with its state. */
export function createPolicy(name: PolicyName): Policy {
  if (name === 'sequential') return (count, tried) => firstFrom(0, count, tried);
  if (name === 'random') return chooseRandom;
  let turn = -1;
  return (count, tried) => {
    // A second choice for one query does not take another query's turn.
    if (tried === 0) turn = (turn + 1) % count;
    return firstFrom(turn, count, tried);
  };
}

/** A random one of those that are not in `tried`, all equally likely. */
export function chooseRandom(count: number, tried: number): number {
  let left = count;
  for (let i = 0; i < count; i++) left -= (tried >> i) & 1;
  let nth = Math.floor(Math.random() * left);
  for (let i = 0; i < count; i++) {
    if (((tried >> i) & 1) === 0 && nth-- === 0) return i;
  }
  return 0;
}

function firstFrom(start: number, count: number, tried: number): number {
  for (let i = 0; i < count; i++) {
    const upstream = (start + i) % count;
    if (((tried >> upstream) & 1) === 0) return upstream;
  }
  return start;
}
