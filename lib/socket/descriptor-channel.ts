/**
 * Messages with open descriptors between two processes of one user, over a Unix stream socket.
 *
 * On the wire a message is eight bytes (the JSON's length and the number of descriptors, both 32 bits, little-endian),
 * the JSON, and one zero byte for each 252 descriptors or part of them, with which they travel.
 */
import { lstatSync, unlinkSync } from 'node:fs';
import { addon } from '../native/addon.js';
import { withCode, type CodedError } from '../errors.js';

/** The most descriptors that are sent at once; `kMaxDescriptors` in `native/net/descriptor_channel.h` says why. */
const CHUNK = 252;
/** Upper bounds for the values of a header: a description of 16 addresses of 2 times 1,024 sockets is far below. */
const MAX_JSON = 1 << 20;
const MAX_DESCRIPTORS = 1 << 16;

/** A received message. */
export interface ReceivedMessage {
  content: object;
  /** Owned by the receiver, close-on-exec. */
  descriptors: number[];
}

/** The error `ERR_MULTISOCKET_HAND_OVER`: the two processes did not come to an agreement. */
export function handOverError(reason: string, cause?: unknown): CodedError {
  return withCode(new Error(reason, cause === undefined ? {} : { cause }), 'ERR_MULTISOCKET_HAND_OVER');
}

/** Waits on the event loop until a native socket is ready. One wait at a time. */
class Waiting {
  readonly native;
  #onReady = (): void => undefined;

  constructor(fd: number) {
    this.native = new addon.DescriptorChannel(fd, () => {
      this.#onReady();
    });
  }

  /** Tries until `attempt` returns a value. Rejects with the signal's reason, or an error of `attempt`. */
  async until<T>(write: boolean, attempt: () => T | undefined, signal: AbortSignal): Promise<T> {
    for (;;) {
      signal.throwIfAborted();
      const result = attempt();
      if (result !== undefined) return result;
      await this.#ready(write, signal);
    }
  }

  #ready(write: boolean, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const abort = (): void => {
        reject(signal.reason as Error);
      };
      signal.addEventListener('abort', abort, { once: true });
      this.#onReady = () => {
        signal.removeEventListener('abort', abort);
        resolve();
      };
      this.native.wait(write);
    });
  }
}

/** One end of a connection. Every call may throw or reject with a system error, or with its signal's reason. */
export class DescriptorChannel {
  readonly #socket: Waiting;

  constructor(fd: number) {
    this.#socket = new Waiting(fd);
  }

  /** Connects to the process that listens at `path`. Throws `EACCES` if that is a process of another user. */
  static connect(path: string): DescriptorChannel {
    return new DescriptorChannel(addon.DescriptorChannel.connect(path));
  }

  /** Sends content as JSON, and descriptors, which stay the sender's; resolves when the kernel has taken all. */
  async send(content: object, descriptors: readonly number[], signal: AbortSignal): Promise<void> {
    const json = Buffer.from(JSON.stringify(content));
    const header = Buffer.alloc(8);
    header.writeUInt32LE(json.length, 0);
    header.writeUInt32LE(descriptors.length, 4);
    const { native } = this.#socket;
    for (let rest = Buffer.concat([header, json]); rest.length > 0;) {
      const sent = await this.#socket.until(true, () => native.send(rest, []), signal);
      rest = rest.subarray(sent);
    }
    for (let i = 0; i < descriptors.length; i += CHUNK) {
      const chunk = descriptors.slice(i, i + CHUNK);
      await this.#socket.until(true, () => native.send(Buffer.alloc(1), chunk), signal);
    }
  }

  /**
   * Receives the next message; undefined if the other side has closed instead. Rejects with `ERR_MULTISOCKET_HAND_OVER`
   * if the message is invalid or cut off, with `EMFILE` if this process has no room for the descriptors; then none
   * stays open.
   */
  async receive(signal: AbortSignal): Promise<ReceivedMessage | undefined> {
    const descriptors: number[] = [];
    try {
      const header = await this.#read(8, descriptors, signal);
      if (header.length === 0) return undefined;
      const cut = header.length < 8;
      const length = cut ? 0 : header.readUInt32LE(0);
      const count = cut ? 0 : header.readUInt32LE(4);
      if (length > MAX_JSON || count > MAX_DESCRIPTORS)
        throw handOverError('The other process speaks another protocol');
      const size = length + Math.ceil(count / CHUNK);
      const body = await this.#read(size, descriptors, signal);
      if (cut || body.length < size) throw handOverError('The other process broke off in the middle of a message');
      if (descriptors.length !== count) {
        throw handOverError(`The other process sent ${descriptors.length} descriptors and announced ${count}`);
      }
      return { content: parse(body.toString('utf8', 0, length)), descriptors };
    } catch (error) {
      closeAll(descriptors);
      throw error;
    }
  }

  /** Reads that many bytes, or fewer if the other side closes; adds the descriptors that come with them. */
  async #read(size: number, descriptors: number[], signal: AbortSignal): Promise<Buffer> {
    const bytes = Buffer.alloc(size);
    let filled = 0;
    while (filled < size) {
      const received = await this.#socket.until(false, () => this.#receive(bytes.subarray(filled)), signal);
      if (received.length === 0) break;
      filled += received.length;
      descriptors.push(...received.descriptors);
    }
    return bytes.subarray(0, filled);
  }

  /** Receives as native code does. A peer that was never accepted, or left data unread, counts as closed. */
  #receive(bytes: Buffer): ReturnType<Waiting['native']['receive']> {
    try {
      return this.#socket.native.receive(bytes);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ECONNRESET') throw error;
      return { length: 0, descriptors: [] };
    }
  }

  close(): void {
    this.#socket.native.close();
  }
}

/** Listens for channels at a path, until it is closed. */
export class ChannelListener {
  readonly #path: string;
  readonly #socket: Waiting;
  readonly #inode: number | undefined;
  #closed = false;

  /**
   * `mode`: permissions of the socket file. Replaces a socket file at which nobody listens. Throws `EADDRINUSE` if
   * another process listens there, `ENOTSOCK` if the file is not a socket, or another system error.
   */
  constructor(path: string, mode: number) {
    this.#path = path;
    this.#socket = new Waiting(addon.DescriptorChannel.listen(path, mode));
    this.#inode = lstatSync(path, { throwIfNoEntry: false })?.ino;
  }

  /** Accepts the next connection of a process of the same user; closes those of others. */
  async accept(signal: AbortSignal): Promise<DescriptorChannel> {
    return new DescriptorChannel(await this.#socket.until(false, () => this.#socket.native.accept(), signal));
  }

  /** Stops, and removes the socket file unless another one has taken its place. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    const file = lstatSync(this.#path, { throwIfNoEntry: false });
    if (file !== undefined && file.ino === this.#inode) unlinkSync(this.#path);
    this.#socket.native.close();
  }
}

/** Closes descriptors that the caller owns, and empties the list. */
export function closeAll(descriptors: number[]): void {
  for (const fd of descriptors.splice(0)) addon.closeSocket(fd);
}

function parse(json: string): object {
  let content: unknown;
  try {
    content = JSON.parse(json);
  } catch (error) {
    throw handOverError('The other process sent no JSON', error);
  }
  if (typeof content !== 'object' || content === null) throw handOverError('The other process sent no message');
  return content;
}
