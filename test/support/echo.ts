/**
 * The smallest server on sockets of the library: it returns each datagram with the name of the process that answered.
 */
import { createServer, type Server } from 'node:net';
import { addon } from '../../dist/native/addon.js';
import { ednsSettings } from '../../dist/worker/edns-settings.js';
import type { SocketGroup } from '../../dist/sockets.js';

const { layout } = addon;
const QR = 0x80;

/** Serves groups until it is stopped; a reply is the query with QR set, followed by `name`. */
export class Echo {
  readonly #endpoint;
  readonly #servers: Server[] = [];
  readonly #name: Buffer;
  #sockets = 0;

  constructor(name: string) {
    this.#name = Buffer.from(name);
    const slab = new ArrayBuffer(layout.slabSize);
    const bytes = Buffer.from(slab);
    const queries = new Uint32Array(layout.batchSize * layout.queryWords);
    const outbox = new Uint32Array(1 + layout.outboxEntries * layout.outboxEntryWords);
    const counters = new Float64Array(64 * layout.socketRow + layout.workerRow);
    const edns = ednsSettings({ maxPayloadSize: 1232, idleTimeout: 10_000, grpcEncrypted: false, nsid: undefined }).udp;
    this.#endpoint = new addon.UdpEndpoint(
      { slab, queries, outbox, counters, row: 64 * layout.socketRow, edns, envelopeSize: layout.envelopeSize },
      (count) => {
        let cursor = layout.outputOffset;
        for (let i = 0; i < count; i++) {
          const at = i * layout.queryWords;
          const offset = queries[at + layout.query.offset];
          const query = bytes.subarray(offset, offset + queries[at + layout.query.length]);
          const reply = Buffer.concat([query, this.#name]);
          reply[2] |= QR;
          reply.copy(bytes, cursor);
          const entry = 1 + outbox[0]++ * layout.outboxEntryWords;
          outbox.set([offset - layout.envelopeSize, cursor, reply.length], entry);
          cursor += reply.length;
        }
        return false;
      },
      () => undefined,
    );
  }

  /** Starts to serve a group; TCP: each connection gets the name and is closed. */
  async serve(group: SocketGroup): Promise<void> {
    for (const [index, fd] of group.descriptors.entries()) {
      if (group.protocol === 'udp') {
        this.#endpoint.add(this.#sockets++, fd, 0, false);
        continue;
      }
      const server = createServer((socket) => socket.end(this.#name));
      this.#servers.push(server);
      await new Promise<void>((resolve, reject) => {
        server.on('error', reject).listen({ fd: group.duplicate(index) }, resolve);
      });
    }
  }

  /** Takes nothing more; what was taken has been answered. */
  async stop(): Promise<void> {
    this.#endpoint.close();
    await Promise.all(this.#servers.map((server) => new Promise((resolve) => server.close(resolve))));
  }
}
