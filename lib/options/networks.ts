import { parseNetwork, type Network } from '../dns/networks.js';
import { invalidValue } from '../errors.js';
import { converted, isTexts, value, type Option } from './option.js';

/** The most elements of a list of networks. */
const MAX_NETWORKS = 256;

/** The option is a list of addresses and networks, at most 256: `'192.0.2.1'`, `'192.0.2.0/24'`, `'2001:db8::/32'`. */
export function networks(): Option<readonly string[], readonly Network[]> & { default: readonly Network[] } {
  return { ...converted(value('an array of strings', isTexts), readNetworks), default: [], otherwise: 'none' };
}

function readNetworks(path: string, texts: readonly string[]): readonly Network[] {
  if (texts.length > MAX_NETWORKS) throw invalidValue(path, `must have at most ${MAX_NETWORKS} elements`, texts.length);
  return texts.map((text) => {
    const network = parseNetwork(text);
    if (network !== undefined) return network;
    throw invalidValue(path, "must have addresses and networks, such as '192.0.2.0/24'", text);
  });
}
