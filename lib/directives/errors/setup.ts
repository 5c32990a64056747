import type { DirectiveDefinition } from '../../corefile/directive.js';
import type { DirectiveReader } from '../../corefile/reader.js';
import type { Logger } from '../../message/handler.js';
import { readExpression, readSignedDuration } from '../arguments.js';
import { ErrorLog, type Consolidation, type ErrorLogOptions } from './handler.js';

const LEVELS: Readonly<Record<string, keyof Logger>> = {
  debug: 'debug',
  info: 'info',
  warning: 'warn',
  error: 'error',
};

/** `errors { stacktrace; consolidate DURATION REGEXP [LEVEL] [show_first] }`: logs errors of the chain. */
export const errors: DirectiveDefinition<ErrorLogOptions> = {
  name: 'errors',
  setup: {
    configure([use, again]) {
      if ((again as typeof again | undefined) !== undefined) throw again.error('it can be used once in a server block');
      const [file = 'stdout'] = use.arguments(0, 1) as (string | undefined)[];
      if (file !== 'stdout') throw use.error(`invalid log file: ${file}`);
      const options: ErrorLogOptions = { stacktrace: false, consolidate: [] };
      for (const line of use.block) {
        line.refuseBlock();
        if (line.name === 'consolidate') options.consolidate.push(readConsolidate(line));
        else if (line.name === 'stacktrace') {
          line.arguments(0);
          options.stacktrace = true;
        } else throw line.error(`unknown option '${line.name}'`);
      }
      return options;
    },
    // An answer from cache is not an error.
    seesCached: false,
    seesZoneAnswers: false,
    dependsOn: [],
    everyOpcode: true,
    start: (options, { logger }) => new ErrorLog(options, logger),
  },
};

function readConsolidate(line: DirectiveReader): Consolidation {
  const [duration, pattern, ...more] = line.arguments(2, 4);
  // As in CoreDNS, without a period each error is a message.
  const period = Math.max(0, readSignedDuration(line, duration));
  readExpression(line, pattern);
  let level: keyof Logger | undefined;
  let showFirst = false;
  for (const option of more) {
    if (option === 'show_first') showFirst = true;
    else if (!Object.hasOwn(LEVELS, option)) {
      throw line.error(`unknown log level ${JSON.stringify(option)} in consolidate option`);
    } else if (level !== undefined) throw line.error('multiple log levels specified in consolidate');
    else if (showFirst) throw line.error('log level must come before show_first in consolidate');
    else level = LEVELS[option];
  }
  return { period, pattern, level: level ?? 'error', showFirst };
}
