/** `transfer [ZONE...] { to ADDRESS...; source ADDRESS; journal DIRECTORY [SIZE] }`: zone transfers out. */
import { isIP } from 'node:net';
import { resolve } from 'node:path';
import type { DirectiveDefinition } from '../../corefile/directive.js';
import type { DirectiveReader } from '../../corefile/reader.js';
import { readZones } from '../arguments.js';
import { TransferHandler } from './handler.js';
import { Outgoing } from './outgoing.js';
import { canonical, readTarget, type Target, type TransferOptions } from './targets.js';

const MIB = 2 ** 20;
const DEFAULT_SIZE = 4 * MIB;
/** A difference with its signatures, and less than what a process can hold. */
const [LEAST_SIZE, MOST_SIZE] = [4096, 1024 * MIB];
const UNITS: Readonly<Record<string, number>> = { '': 1, K: 1024, M: MIB, G: 1024 * MIB };

/** Its configuration is the options of each of its uses in a server block, at least one. */
export const transfer: DirectiveDefinition<TransferOptions[]> = {
  name: 'transfer',
  setup: {
    configure: (uses, block) => uses.map((use) => readUse(use, block.zones)),
    dependsOn: [],
    // Native code answers no transfers.
    seesZoneAnswers: false,
    serve: (configs, runtime) => Outgoing.start(configs, runtime),
    start: (uses, runtime) => new TransferHandler(uses, runtime.served.all, runtime),
  },
};

function readUse(use: DirectiveReader, zones: readonly string[]): TransferOptions {
  const targets: Target[] = [];
  const options = { everyone: false, source: undefined, journal: undefined, journalSize: DEFAULT_SIZE };
  const read: TransferOptions = { ...options, zones: readZones(use, use.args, zones), targets };
  for (const line of use.block) {
    line.refuseBlock();
    if (line.name === 'to') {
      for (const text of line.arguments(1, Infinity)) {
        if (text === '*') read.everyone = true;
        else targets.push(readTarget(line, text));
      }
    } else if (line.name === 'source') read.source = readSource(line, read.source);
    else if (line.name === 'journal') {
      const [directory, size] = line.arguments(1, 2) as readonly [string, string | undefined];
      read.journal = resolve(directory);
      if (size !== undefined) read.journalSize = readSize(line, size);
    } else throw line.error(`unknown property ${JSON.stringify(line.name)}`);
  }
  if (!read.everyone && targets.length === 0) throw use.error("'to' is required");
  const { source } = read;
  const other = targets.find(({ address }) => source !== undefined && isIP(address) !== isIP(source));
  if (other !== undefined) use.warn(`NOTIFY cannot be sent to ${other.address} from ${source}`);
  return read;
}

function readSource(line: DirectiveReader, before: string | undefined): string {
  const [text] = line.arguments(1);
  if (before !== undefined) throw line.error('source already specified');
  if (isIP(text) === 0 || text.includes('%')) throw line.error(`invalid source address ${JSON.stringify(text)}`);
  return canonical(text);
}

function readSize(line: DirectiveReader, text: string): number {
  const [, digits, unit = ''] = /^(\d{1,12})([KMG]?)$/.exec(text) ?? [];
  const size = Number(digits) * UNITS[unit];
  if (size >= LEAST_SIZE && size <= MOST_SIZE) return size;
  throw line.error(`invalid size ${JSON.stringify(text)}: 4K to 1G, a number of octets, or with K, M or G`);
}
