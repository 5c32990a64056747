/** The weights of addresses, by the names that they belong to. */
import { readFileSync } from 'node:fs';
import { isIP, SocketAddress } from 'node:net';
import { normalizeName } from '../../dns/names.js';

/** By name, as a query's `key`: weights from 1 to 255, by address in canonical form. */
export type Weights = ReadonlyMap<string, ReadonlyMap<string, number>>;

/** A file of weights. */
export interface WeightsFile {
  file: string;
  /** Milliseconds between reads; 0: it is read once. */
  reload: number;
}

/**
 * Reads the file as {@link readWeights} does. If it cannot be opened and is read again later, there are no weights, and `fault`
 * says why.
 */
export function tryWeights({ file, reload }: WeightsFile): { weights: Weights; fault?: string } {
  try {
    return { weights: readWeights(file) };
  } catch (error) {
    const { message, syscall } = error as NodeJS.ErrnoException;
    if (syscall === undefined || reload === 0) throw error;
    return { weights: new Map(), fault: `Failed to open weight file: ${message}. Will try again in ${reload / 1000}s` };
  }
}

/**
 * Reads a file of weights: a name on a line of its own, then a line `ADDRESS WEIGHT` for each of its addresses. `#`
 * starts a comment line. Throws a system error, or an error that names the file and the line.
 */
export function readWeights(file: string): Weights {
  return parseWeights(readFileSync(file, 'utf8'), file);
}

/** Reads the text of such a file; see {@link readWeights}. */
export function parseWeights(text: string, file: string): Weights {
  const weights = new Map<string, Map<string, number>>();
  let current: Map<string, number> | undefined;
  text.split('\n').forEach((line, index) => {
    const [first = '', weight, more] = line.trim().split(/\s+/) as (string | undefined)[];
    const fault = (what: string): Error => new Error(`${what} in weight file ${file}, line ${index + 1}`);
    if (first === '' || first.startsWith('#')) return;
    if (more !== undefined) throw fault(`could not parse weight line: ${JSON.stringify(line.trim())}`);
    if (weight === undefined) {
      const name = isIP(first) === 0 ? normalizeName(first) : undefined;
      if (name === undefined) throw fault(`wrong domain name: "${first}" (maybe a missing weight value?)`);
      current = weights.get(name) ?? new Map<string, number>();
      weights.set(name, current);
      return;
    }
    if (isIP(first) === 0) throw fault(`wrong IP address: "${first}"`);
    if (!/^\d{1,3}$/.test(weight) || Number(weight) < 1 || Number(weight) > 255) {
      throw fault(`wrong weight value: "${weight}"`);
    }
    if (current === undefined) throw fault('missing domain name');
    current.set(canonical(first), Number(weight));
  });
  return weights;
}

/** An address in canonical form, equal for all spellings. */
export function canonical(address: string): string {
  const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
  return new SocketAddress({ address, family }).address;
}
