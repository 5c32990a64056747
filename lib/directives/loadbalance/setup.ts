import { resolve } from 'node:path';
import type { DirectiveDefinition } from '../../corefile/directive.js';
import type { DirectiveReader } from '../../corefile/reader.js';
import { parseNetwork, type Network } from '../../dns/networks.js';
import { readDuration } from '../arguments.js';
import { startLoadbalance, type LoadbalanceConfig } from './handler.js';
import { tryWeights } from './weights.js';

/** Milliseconds; CoreDNS's value. */
const RELOAD = 30_000;

/** `loadbalance [round_robin | weighted FILE { reload D }] { prefer CIDR... }`: the order of addresses in answers. */
export const loadbalance: DirectiveDefinition<LoadbalanceConfig> = {
  name: 'loadbalance',
  setup: {
    configure(uses) {
      const config: LoadbalanceConfig = { weighted: undefined, prefer: [] };
      // As in CoreDNS, the last use sets the policy, and all of them add preferred networks.
      for (const use of uses) readUse(use, config);
      return config;
    },
    check({ weighted }) {
      const fault = weighted && tryWeights(weighted).fault;
      return fault === undefined ? [] : [fault];
    },
    dependsOn: [],
    start: startLoadbalance,
  },
};

function readUse(use: DirectiveReader, config: LoadbalanceConfig): void {
  const [policy, file, more] = use.args as (string | undefined)[];
  config.weighted = undefined;
  if (policy === 'weighted') {
    if (file === undefined) throw use.error('missing weight file argument');
    if (more !== undefined) throw use.error('unexpected argument(s)');
    config.weighted = { file: resolve(file), reload: RELOAD };
  } else if (policy !== undefined && policy !== 'round_robin') {
    throw use.error(`unknown policy: ${policy}`);
  } else if (file !== undefined) {
    throw use.error(`unknown property for ${policy}`);
  }
  for (const line of use.block) {
    if (line.name === 'prefer') config.prefer.push(...line.args.map((cidr) => readNetwork(line, cidr)));
    else if (line.name === 'reload' && config.weighted !== undefined) config.weighted.reload = readReload(line);
    else throw line.error(`unknown property '${line.name}'`);
  }
}

function readReload(line: DirectiveReader): number {
  const [text, more] = line.args as (string | undefined)[];
  if (text === undefined) throw line.error('reload duration value is missing');
  if (more !== undefined) throw line.error('unexpected argument');
  return readDuration(line, text);
}

function readNetwork(line: DirectiveReader, cidr: string): Network {
  const network = parseNetwork(cidr);
  if (network !== undefined && cidr.includes('/')) return network;
  throw line.error(`invalid CIDR ${JSON.stringify(cidr)}: an address with the length of its prefix is expected`);
}
