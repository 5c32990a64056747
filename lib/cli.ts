#!/usr/bin/env node
/**
 * The program `multisocket`: runs a Corefile as `coredns` does; and the commands `tune`, `recommend` and `top`.
 *
 * Its exit code is 0 after SIGTERM and SIGINT, 1 if it cannot start or its arguments are invalid, 2 if a second SIGINT
 * cuts it off.
 */
import { HelpRequest } from './cli/arguments.js';
import { readArguments, type Arguments } from './cli/options.js';
import { fail, print } from './cli/output.js';
import { checkReport } from './cli/reports.js';
import { serve } from './cli/serve.js';
import { knownDirectives } from './corefile/registry.js';
import { checkCorefile } from './run/check.js';
import { packageVersion } from './native/package-files.js';

/** Reports what would be served, or all errors. */
async function check({ corefile, dnsPort }: Arguments): Promise<void> {
  const checked = await checkCorefile(corefile, dnsPort === undefined ? {} : { dnsPort });
  for (const { message } of checked.faults) fail(new Error(message));
  if (checked.faults.length === 0) for (const line of checkReport(checked.corefile)) print(line);
  else for (const { message } of checked.corefile.warnings) process.stderr.write(`multisocket: ${message}\n`);
}

/** Loaded only when they are called. */
const COMMANDS: Readonly<Record<string, (args: readonly string[]) => Promise<void>>> = {
  tune: async (args) => (await import('./cli/tune.js')).tuneCommand(args),
  recommend: async (args) => (await import('./cli/recommend.js')).recommend(args),
  top: async (args) => (await import('./cli/top.js')).top(args),
  stats: async (args) => (await import('./cli/top.js')).top(args),
};

async function main(): Promise<void> {
  // The reader of the output has closed it, as `| head` does: a server continues, and other commands end by themselves.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
  const [command, ...args] = process.argv.slice(2);
  if (Object.hasOwn(COMMANDS, command)) {
    await COMMANDS[command](args);
    return;
  }
  const options = readArguments(process.argv.slice(2));
  if (options.mode === 'version') print(`multisocket-${packageVersion}`);
  else if (options.mode === 'plugins') for (const name of knownDirectives.names()) print(`dns.${name}`);
  else if (options.mode === 'check') await check(options);
  else await serve(options);
}

main().catch((error: unknown) => {
  if (error instanceof HelpRequest) print(error.usage);
  else fail(error);
});
