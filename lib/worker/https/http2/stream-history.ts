/** What a connection remembers of streams that are closed (RFC 9113 s.5.1 and s.5.1.1). */
import { errorCode } from './protocol.js';

/** How many abandoned streams are remembered. A client has to open as many at once to exceed it. */
const MAX_ABANDONED = 1000;

/** The identifiers that a client has used. Its size does not depend on their number. */
export class StreamHistory {
  #last = -1;
  /** The lowest stream that the client passed over. It opened all lower ones. */
  #firstSkipped = Infinity;
  readonly #abandoned = new Set<number>();

  /** Notes that the client opens a stream. Returns false if its identifier is not higher than all earlier ones. */
  open(id: number): boolean {
    if (id <= this.#last) return false;
    const next = this.#last + 2;
    if (id > next && next < this.#firstSkipped) this.#firstSkipped = next;
    this.#last = id;
    return true;
  }

  /** Whether the client has opened a stream, or has passed it over, so that it is not idle any more. */
  isOpened(id: number): boolean {
    return id % 2 === 1 && id <= this.#last;
  }

  /** The code for HEADERS of a stream that is closed: a skipped stream was never open, other streams were. */
  codeForHeaders(id: number): number {
    return id >= this.#firstSkipped ? errorCode.protocol : errorCode.streamClosed;
  }

  /** Notes that the server closed a stream before the client did. More of its frames may be on the way. */
  abandon(id: number): void {
    this.#abandoned.add(id);
    const [oldest] = this.#abandoned;
    if (this.#abandoned.size > MAX_ABANDONED) this.#abandoned.delete(oldest);
  }

  /** Whether a frame belongs to an abandoned stream. `end`: it is the stream's last one. */
  isAbandoned(id: number, end: boolean): boolean {
    return end ? this.#abandoned.delete(id) : this.#abandoned.has(id);
  }
}
