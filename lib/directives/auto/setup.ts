/** `auto [ZONES...] { directory DIR [REGEXP ORIGIN_TEMPLATE]; reload DURATION }`: serves the zone files of a directory. */
import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { DirectiveDefinition } from '../../corefile/directive.js';
import type { DirectiveReader } from '../../corefile/reader.js';
import { RegularExpression } from '../../corefile/regular-expression.js';
import { checkZoneFile } from '../../zone/read-zone.js';
import { DEFAULT_RELOAD, readExpression, readReload, readZones } from '../arguments.js';
import { DirectorySource } from './directory-source.js';
import { AutoHandler } from './handler.js';
import { sourceOf, type AutoOptions } from './options.js';
import { scanDirectory } from './scan.js';

const MAX_EXPRESSION = 10_000;

/** The directive `auto`. */
export const auto: DirectiveDefinition<AutoOptions> = {
  name: 'auto',
  setup: {
    configure(uses, block) {
      const options: AutoOptions = {
        directory: undefined,
        expression: 'db\\.(.*)',
        template: '${1}',
        reload: DEFAULT_RELOAD,
        origins: [],
      };
      // As in CoreDNS, later uses change single settings of earlier ones.
      for (const use of uses) {
        options.origins = readZones(use, use.args, block.zones);
        for (const line of use.block) readLine(line, options);
      }
      if (options.directory === undefined) uses[uses.length - 1].warn('there is no directory: no zone is served');
      return options;
    },
    check: checkDirectory,
    dependsOn: [],
    sources: (options) => [sourceOf(options)],
    serve: (configs, { authority }) =>
      authority.sources.holdAll(configs, sourceOf, (options) => new DirectorySource(options, authority)),
    start: (options, { served, zones }) =>
      new AutoHandler(options.origins, served.serve([{ source: sourceOf(options), fallthrough: [] }]), zones),
  },
};

function readLine(line: DirectiveReader, options: AutoOptions): void {
  if (line.name === 'directory') readDirectory(line, options);
  else if (line.name === 'reload') options.reload = readReload(line);
  else if (line.name === 'upstream')
    line.refuseBlock(); // CoreDNS accepts it, and follows aliases without it
  else throw line.error(`unknown property '${line.name}'`);
}

function readDirectory(line: DirectiveReader, options: AutoOptions): void {
  line.refuseBlock();
  const [directory, expression, template, surplus] = line.args as readonly (string | undefined)[];
  if (directory === undefined) throw line.argError();
  options.directory = resolve(directory);
  try {
    statSync(options.directory);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT') throw line.error(`Unable to access root path '${options.directory}': ${message}`);
    line.warn(`Directory does not exist: ${options.directory}`);
  }
  if (expression !== undefined) {
    if (Buffer.byteLength(expression) > MAX_EXPRESSION) throw line.error('regexp too large');
    options.expression = readExpression(line, expression);
    if (new RegularExpression(expression).groupCount === 0) throw line.error('Need at least one sub expression');
    if (template === undefined) throw line.argError();
    options.template = template.replaceAll('{', '${');
  }
  if (surplus !== undefined) throw line.argError();
}

/** Reads the zone files as the server would. Faults are warnings: the server starts without the zone. */
async function checkDirectory({ directory, expression, template }: AutoOptions): Promise<string[]> {
  if (directory === undefined) return [];
  const { files, warnings } = await scanDirectory({ directory, expression, template });
  for (const [origin, file] of files) {
    try {
      const found = checkZoneFile(file, origin);
      warnings.push(...found.faults.map(({ message }) => message), ...found.warnings);
    } catch (error) {
      warnings.push((error as Error).message);
    }
  }
  return warnings;
}
