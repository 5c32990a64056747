/** Servers that run a Corefile, for tests. */
import { createServer, type CorefileOptions, type CorefileServer, type Logger } from 'multisocket';

/** What a server said. */
export interface Said {
  /** `LEVEL message`. */
  log: string[];
  warnings: (Error & { code?: string; file?: string; line?: number })[];
}

/** A server that listens; what it logs and warns of is gathered. `port` is that of its first address. */
export async function serveCorefile(
  corefile: CorefileOptions['corefile'],
  options: Partial<CorefileOptions> = {},
): Promise<Said & { server: CorefileServer; port: number }> {
  const said: Said = { log: [], warnings: [] };
  const level =
    (name: string): ((message: string) => void) =>
    (message) =>
      said.log.push(`${name} ${message}`);
  const logger: Logger = { debug: level('debug'), info: level('info'), warn: level('warn'), error: level('error') };
  const server = createServer({ corefile, logger, ...options });
  server.on('warning', (warning) => said.warnings.push(warning));
  await server.listen();
  return { ...said, server, port: server.addresses()[0].port };
}
