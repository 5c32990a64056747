/** The frame streams protocol (https://farsightsec.github.io/fstrm/), as its sender speaks it in both directions. */
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

/** Where a collector listens. */
export type Collector =
  { transport: 'unix'; path: string } | { transport: 'tcp' | 'tls'; host: string; port: number; skipVerify: boolean };

/** Options of a {@link FrameStream}. */
export interface FrameStreamOptions {
  collector: Collector;
  /** The most frames that wait for the collector. */
  queue: number;
  /** Receives what an operator should know. */
  warn(message: string): void;
}

const CONTENT_TYPE = Buffer.from('protobuf:dnstap.Dnstap');
const control = { accept: 1, start: 2, stop: 3, ready: 4, finish: 5 } as const;
const FIELD_CONTENT_TYPE = 1;
/** The longest control frame, in octets. */
const MAX_CONTROL = 512;

/** Milliseconds. CoreDNS has the same time to connect. */
const CONNECT_TIMEOUT = 4000;
const RETRY = 1000;
const CLOSE_TIMEOUT = 1000;
const WARN_INTERVAL = 10_000;
/** Octets that the socket may hold. The rest waits in the queue, where it is counted. */
const MAX_UNSENT = 1 << 20;

/**
 * Sends frames to a collector. It never waits: frames are queued while the collector is slow or away, and those that do
 * not fit are lost and counted. A connection that fails is made anew.
 */
export class FrameStream {
  readonly #options: FrameStreamOptions;
  #queue: Buffer[] = [];
  #socket: Socket | undefined;
  /** What the collector has sent, until it is a whole frame. */
  #input: Buffer = Buffer.alloc(0);
  #accepted = false;
  #timer: NodeJS.Timeout | undefined;
  #closing: (() => void) | undefined;
  #lost = 0;
  #reported = 0;
  #warned = -Infinity;

  constructor(options: FrameStreamOptions) {
    this.#options = options;
    this.#connect();
  }

  /** Frames that were lost since the start. */
  get lost(): number {
    return this.#lost;
  }

  /** Sends a frame, or loses it. */
  send(frame: Buffer): void {
    if (this.#queue.length >= this.#options.queue) {
      this.#lost++;
      this.#warnOfLoss();
      return;
    }
    this.#queue.push(frame);
    this.#pump();
  }

  /** Sends the rest, says goodbye, and closes; within a second. */
  async close(): Promise<void> {
    clearTimeout(this.#timer);
    const socket = this.#socket;
    if (socket === undefined) return;
    await new Promise<void>((resolve) => {
      this.#closing = resolve;
      this.#timer = setTimeout(resolve, CLOSE_TIMEOUT);
      this.#pump();
    });
    clearTimeout(this.#timer);
    socket.destroy();
  }

  #connect(): void {
    const { collector } = this.#options;
    const socket =
      collector.transport === 'unix'
        ? connect({ path: collector.path })
        : collector.transport === 'tcp'
          ? connect({ host: collector.host, port: collector.port })
          : connectTls({
              host: collector.host,
              port: collector.port,
              rejectUnauthorized: !collector.skipVerify,
              ...(/[a-z]/i.test(collector.host) && !collector.host.includes(':') ? { servername: collector.host } : {}),
            });
    this.#socket = socket;
    this.#input = Buffer.alloc(0);
    this.#accepted = false;
    let cause = 'it has closed the connection';
    this.#timer = setTimeout(() => {
      cause = `it has not accepted within ${CONNECT_TIMEOUT} ms`;
      socket.destroy();
    }, CONNECT_TIMEOUT).unref();
    socket.unref();
    socket.on(collector.transport === 'tls' ? 'secureConnect' : 'connect', () => {
      socket.write(controlFrame(control.ready));
    });
    socket.on('data', (data: Buffer) => {
      const fault = this.#read(data);
      if (fault === undefined) return;
      cause = fault;
      socket.destroy();
    });
    socket.on('drain', () => {
      this.#pump();
    });
    socket.on('error', (error: Error) => {
      cause = error.message;
    });
    socket.on('close', () => {
      this.#ended(cause);
    });
  }

  #ended(cause: string): void {
    clearTimeout(this.#timer);
    this.#socket = undefined;
    this.#accepted = false;
    if (this.#closing !== undefined) {
      this.#closing();
      return;
    }
    this.#warn(`no connection to the collector: ${cause}`);
    this.#timer = setTimeout(() => {
      this.#connect();
    }, RETRY).unref();
  }

  /** Reads control frames; returns what is wrong with them. */
  #read(data: Buffer): string | undefined {
    this.#input = Buffer.concat([this.#input, data]);
    while (this.#input.length >= 12) {
      const length = this.#input.readUInt32BE(4);
      if (this.#input.readUInt32BE(0) !== 0 || length < 4 || length > MAX_CONTROL)
        return 'it does not speak frame streams';
      if (this.#input.length < 8 + length) return undefined;
      const type = this.#input.readUInt32BE(8);
      const body = this.#input.subarray(12, 8 + length);
      this.#input = this.#input.subarray(8 + length);
      if (type === control.accept && !this.#accepted) {
        if (!body.includes(CONTENT_TYPE)) return `it does not accept ${CONTENT_TYPE.toString()}`;
        clearTimeout(this.#timer);
        this.#accepted = true;
        this.#socket?.write(controlFrame(control.start));
        this.#pump();
      } else if (type === control.finish) {
        return 'it has finished the stream';
      } else {
        return `it has sent a control frame of type ${type}`;
      }
    }
    return undefined;
  }

  #pump(): void {
    const socket = this.#socket;
    if (!this.#accepted || socket === undefined) return;
    socket.cork();
    let sent = 0;
    while (sent < this.#queue.length && socket.writableLength < MAX_UNSENT) {
      const frame = this.#queue[sent++];
      const length = Buffer.alloc(4);
      length.writeUInt32BE(frame.length);
      socket.write(length);
      socket.write(frame);
    }
    this.#queue = this.#queue.slice(sent);
    if (this.#closing !== undefined && this.#queue.length === 0) socket.write(controlFrame(control.stop, false));
    socket.uncork();
  }

  #warnOfLoss(): void {
    const now = performance.now();
    if (now - this.#warned < WARN_INTERVAL) return;
    this.#warned = now;
    this.#warn(`dropped dnstap messages: ${this.#lost - this.#reported}`);
    this.#reported = this.#lost;
  }

  #warn(message: string): void {
    this.#options.warn(`plugin/dnstap: ${message}`);
  }
}

function controlFrame(type: number, withContentType = true): Buffer {
  const length = 4 + (withContentType ? 8 + CONTENT_TYPE.length : 0);
  const frame = Buffer.alloc(8 + length);
  frame.writeUInt32BE(length, 4);
  frame.writeUInt32BE(type, 8);
  if (withContentType) {
    frame.writeUInt32BE(FIELD_CONTENT_TYPE, 12);
    frame.writeUInt32BE(CONTENT_TYPE.length, 16);
    CONTENT_TYPE.copy(frame, 20);
  }
  return frame;
}
