/** `sign DBFILE [ZONES...] { key file|directory PATH...; directory DIR; nsec3 [optout] }`: signs zone files. */
import { accessSync, constants } from 'node:fs';
import { resolve } from 'node:path';
import type { DirectiveDefinition, OwnerRuntime } from '../../corefile/directive.js';
import type { DirectiveReader } from '../../corefile/reader.js';
import { atOnce } from '../../dns/zone-file/zone-file.js';
import { unsignedZoneSteps } from '../../zone/signing/unsigned-zone.js';
import { readZones } from '../arguments.js';
import { KeptZone, signedPath, type SignOptions } from './kept-zone.js';
import { readKeys, type KeySource } from './keys.js';

/** CoreDNS's value. */
const DIRECTORY = '/var/lib/coredns';

/** Its configuration is the zones of all its uses in a server block. */
export const sign: DirectiveDefinition<SignOptions[]> = {
  name: 'sign',
  setup: {
    configure: (uses, block) => uses.flatMap((use) => readUse(use, block.zones)),
    check: checkZones,
    serve(configs, runtime) {
      const zones = startZones(configs.flat(), runtime);
      return {
        async close() {
          await Promise.all(zones.map((zone) => zone.close()));
        },
      };
    },
  },
};

function startZones(all: readonly SignOptions[], { logger, authority }: OwnerRuntime): KeptZone[] {
  const { thread, sources } = authority;
  const byPath = new Map<string, SignOptions>();
  for (const options of all) {
    const path = signedPath(options);
    const before = byPath.get(path);
    if (before !== undefined && before.file !== options.file)
      logger.warn(`plugin/sign: ${before.file} is not signed: ${path} is made of ${options.file}`);
    byPath.set(path, options);
  }
  const onSigned = (file: string): Promise<void> => sources.changed(file);
  return [...byPath.values()].map((options) => new KeptZone(options, { logger, thread, onSigned }));
}

/** Reads keys and zone files as the server would, and looks whether the folder can be written to. */
function checkZones(zones: readonly SignOptions[]): string[] {
  const warnings: string[] = [];
  const faults: Error[] = [];
  const attempt = (act: () => unknown): void => {
    try {
      act();
    } catch (error) {
      faults.push(error as Error);
    }
  };
  for (const { origin, file, keys, directory } of zones) {
    attempt(() => readKeys(keys, origin));
    attempt(() => {
      accessSync(directory, constants.W_OK);
    });
    attempt(() => warnings.push(...atOnce(unsignedZoneSteps(file, origin, (fault) => faults.push(fault))).warnings));
  }
  if (faults.length > 0) throw new AggregateError(faults, `${faults.length} faults`);
  return warnings;
}

function readUse(use: DirectiveReader, zones: readonly string[]): SignOptions[] {
  const [path, ...names] = use.arguments(1, Infinity);
  // Go's text for octets that are not UTF-8.
  if (path.includes('\ufffd')) throw use.error(`dbfile ${JSON.stringify(path)} contains invalid characters`);
  const options: Omit<SignOptions, 'origin'> = { file: resolve(path), keys: [], directory: DIRECTORY, denial: 'nsec' };
  for (const line of use.block) {
    if (line.name === 'key') options.keys = [...options.keys, ...readKeyLine(line)];
    else if (line.name === 'directory') options.directory = readDirectory(line);
    else if (line.name === 'nsec3') options.denial = readNsec3(line);
    else throw line.error(`unknown property '${line.name}'`);
  }
  const origins = readZones(use, names, zones);
  if (options.keys.length > 0) return origins.map((origin) => ({ ...options, origin }));
  use.warn('it has no key, and signs nothing');
  return [];
}

function readKeyLine(line: DirectiveReader): KeySource[] {
  line.refuseBlock();
  const [kind, ...paths] = line.arguments(2, Infinity);
  if (kind !== 'file' && kind !== 'directory') throw line.error(`unknown property '${kind}': file or directory`);
  return paths.map((path) => ({ kind, path: resolve(path) }));
}

function readDirectory(line: DirectiveReader): string {
  line.refuseBlock();
  if (line.args.length !== 1) throw line.error('can only be one argument after "directory"');
  return resolve(line.args[0]);
}

function readNsec3(line: DirectiveReader): SignOptions['denial'] {
  line.refuseBlock();
  const [word] = line.arguments(0, 1) as readonly (string | undefined)[];
  if (word === undefined) return 'nsec3';
  if (word !== 'optout') throw line.error(`invalid ${JSON.stringify(word)} after nsec3: optout, or nothing`);
  return 'nsec3-opt-out';
}
