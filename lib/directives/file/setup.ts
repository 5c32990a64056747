/** `file DBFILE [ZONE...] { reload DURATION; reload_by_mtime; fallthrough [ZONE...] }`: serves zones from a zone file. */
import { resolve } from 'node:path';
import type { DirectiveDefinition } from '../../corefile/directive.js';
import type { DirectiveReader } from '../../corefile/reader.js';
import { DEFAULT_RELOAD, lastOfEachZone, readFallthrough, readReload, readZones } from '../arguments.js';
import { ZoneFileSource } from '../../authority/zone-file-source.js';
import { ZoneHandler } from '../../authority/zone-handler.js';
import { sourcesOf, type FileOptions } from './options.js';
import { checkZoneFile } from '../../zone/read-zone.js';

/** Its configuration is the options of each of its uses in a server block, at least one. */
export const file: DirectiveDefinition<FileOptions[]> = {
  name: 'file',
  setup: {
    configure: (uses, block) =>
      lastOfEachZone(
        uses,
        uses.map((use) => readUse(use, block.zones)),
      ),
    check: checkZones,
    dependsOn: [],
    sources: (uses) => uses.flatMap(sourcesOf).map(({ source }) => source),
    serve: (configs, { authority }) =>
      authority.sources.holdAll(
        configs.flat().flatMap(sourcesOf),
        ({ source }) => source,
        (options) => new ZoneFileSource(options, authority),
      ),
    start(uses, { served }) {
      const sources = uses.flatMap((use) => sourcesOf(use).map(({ source }) => ({ ...use, source })));
      return new ZoneHandler(served.serve(sources));
    },
  },
};

/** Reads the zone files as the server would. */
function checkZones(options: FileOptions[]): string[] {
  const warnings: string[] = [];
  const faults: Error[] = [];
  for (const { file, zones, reload } of options) {
    for (const zone of zones) {
      try {
        const found = checkZoneFile(file, zone);
        faults.push(...found.faults);
        warnings.push(...found.warnings);
      } catch (error) {
        // A missing file is awaited.
        if ((error as NodeJS.ErrnoException).code === 'ENOENT' && reload > 0) warnings.push((error as Error).message);
        else faults.push(error as Error);
      }
    }
  }
  if (faults.length > 0) throw new AggregateError(faults, `${faults.length} faults in zone files`);
  return warnings;
}

function readUse(use: DirectiveReader, zones: readonly string[]): FileOptions {
  const [path, ...names] = use.arguments(1, Infinity);
  const options: FileOptions = {
    file: resolve(path),
    zones: readZones(use, names, zones),
    reload: DEFAULT_RELOAD,
    fallthrough: [],
  };
  for (const line of use.block) {
    if (line.name === 'reload') options.reload = readReload(line);
    else if (line.name === 'reload_by_mtime') {
      line.refuseBlock();
      line.arguments(0);
      options.byTime = true;
    } else if (line.name === 'fallthrough') options.fallthrough = readFallthrough(line);
    else if (line.name === 'upstream')
      line.refuseBlock(); // CoreDNS accepts it, and follows aliases without it
    else throw line.error(`unknown property '${line.name}'`);
  }
  return options;
}
