#!/usr/bin/env node
/**
 * The program `multisocket`: runs a Corefile as `coredns` does; and the commands `tune`, `recommend` and `top`.
 *
 * It ends with 0 after SIGTERM and SIGINT, 1 when it cannot start or its arguments are wrong, 2 when a second SIGINT cuts
 * it off.
 */
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { nativeMissing } from './native/addon.js';
import { readOptions, UsageError } from './cli/arguments.js';
import { defaultControlPath, runtimeDirectory } from './cli/control-client.js';
import { checkReport, startReport, stopReport } from './cli/reports.js';
import { directives } from './corefile/registry.js';
import type { Logger } from './message/handler.js';
import { checkCorefile } from './run/check.js';
import { CorefileServer } from './run/corefile-server.js';

const USAGE =
  'usage: multisocket [-conf FILE] [-dns.port N] [-control PATH] [-check] [-plugins] [-version]\n' +
  '       multisocket tune | recommend | top ...';
const DEFAULT_FILE = 'Corefile';
const DEFAULT_PORT = 5300;

interface Arguments {
  corefile: string | { path: string };
  dnsPort: number | undefined;
  /** Of the control socket. */
  control: string | undefined;
  mode: 'run' | 'check' | 'plugins' | 'version';
}

/** Lines as CoreDNS has them. */
const logger: Logger = {
  debug: (message) => {
    print(`[DEBUG] ${message}`);
  },
  info: (message) => {
    print(`[INFO] ${message}`);
  },
  warn: (message) => {
    print(`[WARNING] ${message}`);
  },
  error: (message) => {
    print(`[ERROR] ${message}`);
  },
};

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Reads the command line. Throws a `UsageError` that says what is wrong with it. */
function readArguments(args: readonly string[]): Arguments {
  const options = {
    conf: { type: 'string' },
    'dns.port': { type: 'string' },
    control: { type: 'string' },
    check: { type: 'boolean' },
    plugins: { type: 'boolean' },
    version: { type: 'boolean' },
  } as const;
  const values = readOptions(args, options, USAGE);
  const port = values['dns.port'];
  if (port !== undefined && (!/^\d+$/.test(port) || Number(port) > 65_535)) {
    throw new UsageError(`-dns.port is no port from 0 to 65535: ${port}`, USAGE);
  }
  const dnsPort = port === undefined ? undefined : Number(port);
  const mode =
    values.version === true ? 'version' : values.plugins === true ? 'plugins' : values.check === true ? 'check' : 'run';
  const { conf, control } = values;
  if (conf !== undefined) return { corefile: { path: conf }, dnsPort, control, mode };
  if (existsSync(DEFAULT_FILE)) return { corefile: { path: DEFAULT_FILE }, dnsPort, control, mode };
  return { corefile: defaultCorefile(), dnsPort: dnsPort ?? DEFAULT_PORT, control, mode };
}

/** Where the control socket is when nobody says: nowhere where there cannot be one, which is no reason not to serve. */
function controlPath(): string | undefined {
  if (nativeMissing !== undefined) return undefined;
  const directory = runtimeDirectory();
  if (directory === undefined) return undefined;
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    return defaultControlPath(directory);
  } catch (error) {
    logger.info(`no control socket: ${(error as Error).message}`);
    return undefined;
  }
}

/** What is served when there is no Corefile: who asks is told so, on this host only. */
function defaultCorefile(): string {
  const has6 = Object.values(networkInterfaces()).some((all) => all?.some(({ address }) => address === '::1'));
  return `. {\n bind 127.0.0.1${has6 ? ' ::1' : ''}\n multisocket\n whoami\n log\n}\n`;
}

function version(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

/** Runs a Corefile until a signal ends it. */
async function run({ corefile, dnsPort, control = controlPath() }: Arguments): Promise<void> {
  const server = new CorefileServer({
    corefile,
    logger,
    listenFds: true,
    ...(dnsPort === undefined ? {} : { dnsPort }),
    ...(control === undefined ? {} : { control }),
  });
  server.on('warning', ({ message }) => {
    logger.warn(message);
  });
  server.on('error', ({ message }) => {
    logger.error(message);
    process.exitCode = 1;
  });
  await server.listen();
  // Before it is said that the server listens: whoever reads that may send one at once.
  handleSignals(server);
  for (const line of startReport(server)) print(line);
  print(`multisocket-${version()}\n${process.platform}/${process.arch}, node ${process.version}`);
}

function handleSignals(server: CorefileServer): void {
  let interrupted = false;
  let stopping = false;
  const stop = async (message: string): Promise<void> => {
    logger.info(message);
    const again = stopping;
    stopping = true;
    await server.close();
    if (!again) for (const line of stopReport(server.stats())) print(line);
  };
  const orFail = (work: Promise<void>): void => {
    work.catch((error: unknown) => {
      fail(error);
    });
  };
  process.on('SIGTERM', () => {
    orFail(stop('SIGTERM: Shutting down servers then terminating'));
  });
  process.on('SIGINT', () => {
    if (interrupted) {
      logger.info('SIGINT: Force quit');
      process.exit(2);
    }
    interrupted = true;
    orFail(stop('SIGINT: Shutting down'));
  });
  process.on('SIGUSR1', () => {
    logger.info('SIGUSR1: Reloading');
    server.reload().then(
      () => {
        logger.info('Reloading complete');
      },
      (error: unknown) => {
        logger.error(`SIGUSR1: ${(error as Error).message}`);
      },
    );
  });
  // Terminals send it when they are closed: no reason for a server to end.
  process.on('SIGHUP', () => undefined);
}

/** Says what would be served, or all that is wrong with it. */
async function check({ corefile, dnsPort }: Arguments): Promise<void> {
  const checked = await checkCorefile(corefile, dnsPort === undefined ? {} : { dnsPort });
  for (const { message } of checked.faults) fail(new Error(message));
  if (checked.faults.length === 0) for (const line of checkReport(checked.corefile)) print(line);
  else for (const { message } of checked.corefile.warnings) process.stderr.write(`multisocket: ${message}\n`);
}

function fail(error: unknown): void {
  process.stderr.write(`multisocket: ${error instanceof Error ? error.message : String(error)}\n`);
  if (error instanceof UsageError) process.stderr.write(`${error.usage}\n`);
  process.exitCode = 1;
}

/** Loaded when they are called only. */
const COMMANDS: Readonly<Record<string, (args: readonly string[]) => Promise<void>>> = {
  tune: async (args) => (await import('./cli/tune.js')).tuneCommand(args),
  recommend: async (args) => (await import('./cli/recommend.js')).recommend(args),
  top: async (args) => (await import('./cli/top.js')).top(args),
  stats: async (args) => (await import('./cli/top.js')).top(args),
};

async function main(): Promise<void> {
  // Whoever read the output has had enough of it, as `| head` has: a server goes on, and the rest ends by itself.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
  const [command, ...args] = process.argv.slice(2);
  if (Object.hasOwn(COMMANDS, command)) {
    await COMMANDS[command](args);
    return;
  }
  const options = readArguments(process.argv.slice(2));
  if (options.mode === 'version') print(`multisocket-${version()}`);
  else if (options.mode === 'plugins') for (const name of directives.names()) print(`dns.${name}`);
  else if (options.mode === 'check') await check(options);
  else await run(options);
}

main().catch((error: unknown) => {
  fail(error);
});
