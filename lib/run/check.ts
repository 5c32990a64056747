/** `-check`: reads everything that a server would read, and reports all errors. */
import type { ConfiguredDirective } from '../corefile/server-block.js';
import { readCorefile, type Corefile, type LoadOptions } from '../corefile/corefile.js';
import { corefileWarning, Faults, parsingError, type CorefileError } from '../corefile/errors.js';
import { knownDirectives } from '../corefile/registry.js';
import '../directives/index.js';
import { checkAddresses } from './listen.js';

/** A Corefile, as far as it could be read, and its errors. */
export interface CheckedCorefile {
  /** Its warnings include those of the files that it names. */
  corefile: Corefile;
  faults: CorefileError[];
}

/**
 * Reads a Corefile and the files that it names: zones, hosts, certificates. Rejects with a system error if it cannot be
 * read.
 */
export async function checkCorefile(
  source: string | { path: string },
  options: Omit<LoadOptions, 'registry'> = {},
): Promise<CheckedCorefile> {
  const faults = new Faults();
  const corefile = readCorefile(source, options, faults);
  checkAddresses(corefile, faults);
  for (const directive of corefile.blocks.flatMap(({ directives }) => directives)) {
    const prefix = `plugin/${directive.name}: `;
    try {
      const warnings = (await knownDirectives.get(directive.name)?.setup.check?.(directive.config)) ?? [];
      corefile.warnings.push(...warnings.map((warning) => corefileWarning(directive, prefix + warning)));
    } catch (error) {
      for (const fault of faultsOf(error, directive, prefix)) faults.add(fault);
    }
  }
  return { corefile, faults: faults.all };
}

function faultsOf(error: unknown, at: ConfiguredDirective, prefix: string): CorefileError[] {
  const errors: unknown[] = error instanceof AggregateError ? error.errors : [error];
  return errors.map((each) => parsingError(at, each instanceof Error ? each.message : String(each), prefix));
}
