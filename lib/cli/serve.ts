/** Runs a Corefile until a signal ends it. */
import { mkdirSync, renameSync, unlinkSync, writeFileSync } from 'node:fs';
import { nativeMissing } from '../native/addon.js';
import type { Logger } from '../message/handler.js';
import { CorefileServer } from '../run/corefile-server.js';
import { defaultControlPath, runtimeDirectory } from './control-client.js';
import type { Arguments } from './options.js';
import { fail, print } from './output.js';
import { startReport, stopReport, tryReport } from './reports.js';
import { ServiceManager } from './service-manager.js';
import { packageVersion } from '../native/package-files.js';

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

/** Starts the server. Rejects with what keeps it from serving. */
export async function serve(options: Arguments): Promise<void> {
  const { corefile, dnsPort, control = controlPath(), pidfile, quiet } = options;
  const server = new CorefileServer({
    corefile,
    logger,
    listenFds: true,
    ...(dnsPort === undefined ? {} : { dnsPort }),
    ...(control === undefined ? {} : { control }),
  });
  server.on('warning', (warning) => {
    // The directive `errors` logs these, where the Corefile has it.
    if (warning.code === 'ERR_MULTISOCKET_REPLY_FAILED') return;
    logger.warn(warning.message);
  });
  server.on('error', ({ message }) => {
    logger.error(message);
    process.exitCode = 1;
  });
  const manager = new ServiceManager(logger);
  await server.listen();
  if (pidfile !== undefined) writePid(pidfile);
  // Before anybody is told that the server listens: a signal may come at once.
  handleSignals(server, manager, quiet);
  manager.ready('serving');
  if (quiet) return;
  for (const line of startReport(server)) print(line);
  if (process.stdout.isTTY) for (const line of tryReport(server)) print(line);
  print(`multisocket-${packageVersion}\n${process.platform}/${process.arch}, node ${process.version}`);
}

/** Where the control socket is by default: nowhere where there cannot be one, which is no reason not to serve. */
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

/** Writes the process ID to `file`, which appears with its content at once, and removes it at the end. */
function writePid(file: string): void {
  const temporary = `${file}.${process.pid}`;
  writeFileSync(temporary, `${process.pid}\n`);
  renameSync(temporary, file);
  process.once('exit', () => {
    unlinkSync(file);
  });
}

/** Milliseconds. `npm start` passes on a Ctrl-C that the terminal has sent to the server as well. */
const SAME_INTERRUPT = 500;

function handleSignals(server: CorefileServer, manager: ServiceManager, quiet: boolean): void {
  /** When SIGINT came first, by `performance.now()`. */
  let interrupted: number | undefined;
  let stopping = false;
  const stop = async (message: string): Promise<void> => {
    logger.info(message);
    manager.stopping();
    const again = stopping;
    stopping = true;
    await server.close();
    if (!again && !quiet) for (const line of stopReport(server.stats())) print(line);
  };
  process.on('SIGTERM', () => {
    stop('SIGTERM: Shutting down servers then terminating').catch(fail);
  });
  process.on('SIGINT', () => {
    if (interrupted !== undefined) {
      if (performance.now() - interrupted < SAME_INTERRUPT) return;
      logger.info('SIGINT: Force quit');
      process.exit(2);
    }
    interrupted = performance.now();
    stop('SIGINT: Shutting down').catch(fail);
  });
  process.on('SIGUSR1', () => {
    void reload(server, manager);
  });
  // Terminals send it when they are closed: no reason for a server to end.
  process.on('SIGHUP', () => undefined);
}

async function reload(server: CorefileServer, manager: ServiceManager): Promise<void> {
  logger.info('SIGUSR1: Reloading');
  manager.reloading();
  try {
    await server.reload();
    logger.info('Reloading complete');
    manager.ready('serving');
  } catch (error) {
    const { message } = error as Error;
    logger.error(`SIGUSR1: ${message}`);
    manager.ready(`serving as before, since the reload failed: ${message}`);
  }
}
