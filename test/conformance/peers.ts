/**
 * This library's server with `file`, with and without an answer cache, and the servers to compare with. All serve one
 * zone.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer, type Server } from 'multisocket';
import { ZoneFilesHandler } from '../support/zone-files.js';
import type { DnsProgram } from '../support/dns-program.js';
import { findKnot, startKnot } from '../support/knot.js';
import { findNsd, startNsd } from '../support/nsd.js';

/** The servers of a comparison. */
export class Peers {
  /** By name: the ports of those that are installed. */
  readonly programs: ReadonlyMap<string, DnsProgram>;
  readonly port: number;
  readonly cachedPort: number;
  readonly #servers: readonly Server[];
  readonly #handler: ZoneFilesHandler;
  readonly #folder: string;

  private constructor(
    programs: ReadonlyMap<string, DnsProgram>,
    servers: readonly Server[],
    handler: ZoneFilesHandler,
    folder: string,
  ) {
    this.programs = programs;
    this.#servers = servers;
    this.#handler = handler;
    this.#folder = folder;
    [this.port, this.cachedPort] = servers.map((server) => server.addresses()[0].port);
  }

  static async start(origin: string, zone: string): Promise<Peers> {
    // Knot reads no quoted owners.
    zone = zone.replace(/^"quoted".*\n/im, '');
    const folder = mkdtempSync(join(tmpdir(), 'multisocket-'));
    const file = join(folder, 'zone');
    writeFileSync(file, zone, 'latin1');
    const handler = await ZoneFilesHandler.start([{ file, zones: [origin], reload: 0, fallthrough: [] }], console);
    const servers = [undefined, { maxBytes: 64 << 20 }].map((cache) =>
      createServer({
        listen: '127.0.0.1:0',
        sockets: 1,
        workers: 0,
        maxPayloadSize: 4096,
        ...(cache && { cache }),
        handler: (query, reply) =>
          handler.handle(query, reply, () => {
            reply.rcode = 'REFUSED';
          }),
      }),
    );
    for (const server of servers) await server.listen();
    const programs = new Map<string, DnsProgram>();
    const [nsd, knot] = [findNsd(), findKnot()];
    if (nsd !== undefined) programs.set('NSD', await startNsd(nsd, origin, zone));
    if (knot !== undefined) programs.set('Knot', await startKnot(knot, origin, zone));
    return new Peers(programs, servers, handler, folder);
  }

  /** How many queries the answer cache has answered. */
  cacheHits(): number {
    return this.#servers[1].stats().totals.cacheHits;
  }

  async stop(): Promise<void> {
    for (const server of this.#servers) await server.close();
    await this.#handler.close();
    for (const program of this.programs.values()) await program.stop();
    rmSync(this.#folder, { recursive: true });
  }
}
