/** A primary that runs a Corefile with `transfer`, and writes versions of its zone. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { CorefileServer } from 'multisocket';
import type packet from 'dns-packet';
import { ask } from './clients.js';
import { serveCorefile } from './corefile-server.js';
import { freePort } from './free-port.js';
import { temporaryDirectory } from './temporary-directory.js';

/** The name of the zone. */
export const ORIGIN = 'example.org';

/** The text of a zone. `records`: lines beside SOA, NS and the address of the name server. */
export function zoneText(serial: number, records: string): string {
  return `@ 60 IN SOA ns admin ${serial} 3600 600 86400 60\n@ 60 IN NS ns\nns 60 IN A 192.0.2.53\n${records}`;
}

/** Options of {@link Primary.start}. */
export interface PrimaryOptions {
  /** Lines of the block of `transfer`. */
  transfer: string;
  /** Lines of the server block besides `transfer` and `file`. */
  more?: string;
  /** The first version. */
  zone?: string;
  /** The directory of the zone file; default: another one. */
  folder?: string;
  port?: number;
}

/** A server that is primary for a zone in a file, which it checks every 50 ms. */
export class Primary {
  private constructor(
    readonly server: CorefileServer,
    readonly port: number,
    readonly folder: string,
    readonly log: readonly string[],
  ) {}

  static async start({ transfer, more = '', zone = zoneText(1, ''), ...options }: PrimaryOptions): Promise<Primary> {
    const folder = options.folder ?? temporaryDirectory();
    const port = options.port ?? (await freePort());
    writeFileSync(join(folder, 'db'), zone);
    const corefile = `${ORIGIN}:${port} {\n${more}\ntransfer {\n${transfer}\n}\nfile ${join(folder, 'db')} {\nreload 50ms\n}\n}`;
    const { server, log } = await serveCorefile(corefile);
    return new Primary(server, port, folder, log);
  }

  /** Writes a version of the zone; resolves when it is served. */
  async write(serial: number, records: string): Promise<void> {
    writeFileSync(join(this.folder, 'db'), zoneText(serial, records));
    await serves(this.port, serial);
  }

  async close(): Promise<void> {
    await this.server.close();
  }
}

/** The serial number that a server has; undefined: it does not answer with one. */
export async function serialOf(port: number): Promise<number | undefined> {
  const { answers } = await ask(port, ORIGIN, 'SOA');
  return (answers?.[0] as packet.SoaAnswer | undefined)?.data.serial;
}

/** Resolves when a server has a serial number. Rejects after a time. */
export async function serves(port: number, serial: number, milliseconds = 20_000): Promise<void> {
  const end = performance.now() + milliseconds;
  for (;;) {
    const found = await serialOf(port);
    if (found === serial) return;
    if (performance.now() > end) throw new Error(`the server has serial ${found}, not ${serial}`);
    await wait(20);
  }
}
