/** `dnssec [ZONES...] { key file KEY... ; cache_capacity N }`: signs replies when they are asked for. */
import { resolve } from 'node:path';
import type { DirectiveDefinition } from '../../corefile/directive.js';
import type { DirectiveReader } from '../../corefile/reader.js';
import { once, parseInteger, readZones } from '../arguments.js';
import { readKeys, startDnssec, type DnssecConfig } from './handler.js';

/** RRsets; CoreDNS's value. */
const CAPACITY = 10_000;

/** Its configuration names the key files; they are read when it starts. */
export const dnssec: DirectiveDefinition<DnssecConfig> = {
  name: 'dnssec',
  setup: {
    configure(uses, block) {
      const use = once(uses);
      const config = { zones: readZones(use, use.args, block.zones), keys: [] as string[], capacity: CAPACITY };
      for (const line of use.block) {
        if (line.name === 'key') config.keys.push(...readKeyLine(line));
        else if (line.name === 'cache_capacity') config.capacity = readCapacity(line);
        else throw line.error(`unknown property '${line.name}'`);
      }
      if (config.keys.length === 0) use.warn('it has no key, and signs nothing');
      return config;
    },
    check(config) {
      readKeys(config);
      return [];
    },
    dependsOn: [],
    start: startDnssec,
  },
};

function readKeyLine(line: DirectiveReader): string[] {
  const [kind, ...keys] = line.args;
  if (kind === 'aws_secretsmanager') {
    throw line.error('key aws_secretsmanager is not supported: write the keys to files, and name them by "key file"');
  }
  if (keys.length === 0) throw line.argError();
  if (kind !== 'file') throw line.error(`unknown property '${kind}'`);
  return keys.map((key) => resolve(key));
}

function readCapacity(line: DirectiveReader): number {
  const [text] = line.arguments(1);
  const capacity = parseInteger(text);
  if (capacity === undefined) throw line.error(`invalid capacity ${JSON.stringify(text)}: a whole number`);
  return Math.max(0, capacity);
}
