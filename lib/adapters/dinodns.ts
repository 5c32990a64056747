/** Adapter for handlers of dinodns: `(req, res, next)`. */
import { EventEmitter } from 'node:events';
import type { DecodedPacket } from 'dns-packet';
import type { ResourceRecord } from '../dns/record.js';
import type { Handler } from '../message/handler.js';
import type { Query } from '../message/query.js';
import { decodeQuery, sendPacket } from './dns-packet.js';
import { untilDone } from './once.js';
import { QuestionName } from './question-name.js';

/** Response codes by dinodns's names (RFC 1035 s.4.1.1). */
const RCODES = { nxDomain: 3, notImplemented: 4, refused: 5, serverFailure: 2 } as const;
/** dinodns has no name for gRPC, which uses HTTP/2 as well. */
const networks = { udp: 'UDP', tcp: 'TCP', tls: 'TLS', https: 'HTTPS', grpc: 'HTTPS' } as const;

/** A decoded message. Each member reads and writes {@link raw}, which is dns-packet's. */
export class DinoPacket {
  readonly raw: DecodedPacket;

  /** @internal */
  constructor(raw: DecodedPacket) {
    this.raw = raw;
  }

  get id(): number {
    return this.raw.id ?? 0;
  }

  get type(): DecodedPacket['type'] {
    return this.raw.type;
  }

  get questions(): NonNullable<DecodedPacket['questions']> {
    return (this.raw.questions ??= []);
  }

  /** The flags of the header except QR, response code included. */
  get flags(): number {
    return this.raw.flags ?? 0;
  }

  set flags(flags: number) {
    this.raw.flags = flags;
  }

  addFlag(flag: number): void {
    this.flags |= flag;
  }

  removeFlag(flag: number): void {
    this.flags &= ~flag;
  }

  /** The response code, 0 to 15. dinodns returns a name on reading, and takes a number. */
  get rcode(): number {
    return this.flags & 0x0f;
  }

  set rcode(rcode: number) {
    this.flags = (this.flags & ~0x0f) | rcode;
  }

  get answers(): ResourceRecord[] {
    return (this.raw.answers ??= []) as ResourceRecord[];
  }

  set answers(records: ResourceRecord[]) {
    this.raw.answers = records as NonNullable<DecodedPacket['answers']>;
  }

  get authorities(): ResourceRecord[] {
    return (this.raw.authorities ??= []) as ResourceRecord[];
  }

  set authorities(records: ResourceRecord[]) {
    this.raw.authorities = records as NonNullable<DecodedPacket['authorities']>;
  }

  get additionals(): ResourceRecord[] {
    return (this.raw.additionals ??= []) as ResourceRecord[];
  }

  set additionals(records: ResourceRecord[]) {
    this.raw.additionals = records as NonNullable<DecodedPacket['additionals']>;
  }
}

/**
 * The client's address, and the time of arrival: `requestTimeMs` since 1970, `requestTimeNs` by the monotonic clock.
 */
interface Context {
  connection: { remoteAddress: string; remotePort: number; type: 'UDP' | 'TCP' | 'TLS' | 'HTTPS' };
  metadata: { ts: { requestTimeMs: number; requestTimeNs: bigint; responseTimeMs?: number; responseTimeNs?: bigint } };
}

/** A request for such a handler. */
export interface DinoRequest extends Context {
  packet: DinoPacket;
  /** Data that handlers pass on to later ones. */
  extra?: unknown;
}

/** The response of such a handler. Events: `answer` when it is answered, `done` when the reply has left. */
export interface DinoResponse extends EventEmitter, Context {
  /** The packet to send: at first the request, without records in the answer. */
  packet: DinoPacket;
  extra?: unknown;
  /** Answers with one record or several, in dns-packet's form. Throws `Error` if it is answered already. */
  answer(records: ResourceRecord | ResourceRecord[]): void;
  /** Answers without a record, unless it is answered already. */
  errors: Record<keyof typeof RCODES, () => void>;
  /** Answers with {@link packet} as it is. Throws `Error` if it is answered already. */
  resolve(): void;
  /** Whether it has answered. */
  readonly finished: boolean;
}

/** The shape of dinodns's handlers and middleware. */
export type DinoHandler = (request: DinoRequest, response: DinoResponse, next: (error?: Error) => void) => unknown;

/**
 * Makes a handler from those of dinodns: middleware and the final handler in their order, each called when the one
 * before calls `next`. NXDOMAIN if no handler answers, as in dinodns. If a handler throws, rejects or passes an error
 * to `next`, the client gets SERVFAIL.
 */
export function fromDinodns(...handlers: DinoHandler[]): Handler {
  return untilDone((query, reply, done, failed) => {
    const question = new QuestionName(query.question, 'utf8');
    const context = contextOf(query);
    const raw = decodeQuery(query, question);
    const request: DinoRequest = { packet: new DinoPacket(raw), ...context };
    const packet = new DinoPacket({ ...raw, type: 'response' });
    const response = new Response(packet, context, () => {
      try {
        sendPacket(reply, packet.raw, question);
        done();
      } catch (error) {
        failed(error);
      }
    });
    // Emitted later: an observer must not throw.
    reply.observe(() => setImmediate(() => response.emit('done', response)));
    const call = (place: number): void => {
      if (place === handlers.length) {
        if (!response.finished) response.errors.nxDomain();
        return;
      }
      const next = (error?: Error): void => {
        if (error === undefined) call(place + 1);
        else failed(error);
      };
      new Promise((resolve) => {
        resolve(handlers[place](request, response, next));
      }).catch(failed);
    };
    call(0);
  });
}

function contextOf({ client, transport }: Query): Context {
  return {
    connection: { remoteAddress: client.address, remotePort: client.port, type: networks[transport] },
    metadata: { ts: { requestTimeMs: Date.now(), requestTimeNs: process.hrtime.bigint() } },
  };
}

class Response extends EventEmitter implements DinoResponse {
  readonly packet: DinoPacket;
  readonly connection: Context['connection'];
  readonly metadata: Context['metadata'];
  readonly errors: DinoResponse['errors'];
  finished = false;
  readonly #send: () => void;

  constructor(packet: DinoPacket, { connection, metadata }: Context, send: () => void) {
    super();
    this.packet = packet;
    this.connection = connection;
    this.metadata = metadata;
    this.#send = send;
    const fail = (rcode: number) => (): void => {
      if (this.finished) return;
      packet.rcode = rcode;
      this.resolve();
    };
    const codes = Object.entries(RCODES).map(([name, rcode]) => [name, fail(rcode)] as const);
    this.errors = Object.fromEntries(codes) as DinoResponse['errors'];
  }

  answer(records: ResourceRecord | ResourceRecord[]): void {
    if (!this.finished) this.packet.answers = Array.isArray(records) ? records : [records];
    this.resolve();
  }

  resolve(): void {
    if (this.finished) throw new Error('the query has been answered already');
    this.finished = true;
    this.emit('answer', this);
    this.#send();
  }
}
