/** The servers under test: each way in which this library serves a zone. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer } from '../../../dist/index.js';
import { parseZone } from '../../../dist/zone.js';
import { serveCorefile } from '../../support/corefile-server.js';

/** A server with one zone on loopback. */
export interface ZoneServer {
  port: number;
  stop: () => Promise<void>;
}

/** A way to serve a zone. */
export interface ZoneServerKind {
  name: string;
  start: (origin: string, text: string) => Promise<ZoneServer>;
}

const MAX_PAYLOAD_SIZE = 4096;

/** All ways; a comparison that holds for one must hold for each. */
export const servers: readonly ZoneServerKind[] = [
  {
    name: 'a zone of a program',
    async start(origin, text) {
      const zone = parseZone(Buffer.from(text, 'latin1'), { origin });
      const server = createServer({
        listen: '127.0.0.1:0',
        sockets: 1,
        workers: 0,
        maxPayloadSize: MAX_PAYLOAD_SIZE,
        handler: (query, reply) => {
          if (!zone.answer(query, reply)) reply.rcode = 'REFUSED';
        },
      });
      await server.listen();
      return {
        port: server.addresses()[0].port,
        async stop() {
          await server.close();
        },
      };
    },
  },
  {
    name: 'the directive file',
    async start(origin, text) {
      const folder = mkdtempSync(join(tmpdir(), 'multisocket-'));
      writeFileSync(join(folder, 'zone'), text, 'latin1');
      const corefile = `${origin}:0 {\n  bind 127.0.0.1\n  file ${join(folder, 'zone')}\n}\n`;
      const { server, port } = await serveCorefile(corefile, { maxPayloadSize: MAX_PAYLOAD_SIZE });
      return {
        port,
        async stop() {
          await server.close();
          rmSync(folder, { recursive: true });
        },
      };
    },
  },
];
