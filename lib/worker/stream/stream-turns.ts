import { FrameOutput } from './frame-output.js';

/** Milliseconds of a turn of the event loop that all streams of a worker get together. */
const SLICE = 0.25;

/** A stream that has messages to send. */
export interface Producer {
  /** Sends at least one message, and more until `end`, by `performance.now()`. Calls {@link StreamTurns.add} for more. */
  produce(output: FrameOutput, end: number): void;
}

/**
 * The turns of a worker's streams. They share a short slice of each turn of the event loop, one after another, so that
 * other queries wait no longer however many streams there are.
 */
export class StreamTurns {
  #output: FrameOutput | undefined;
  #ready: Producer[] = [];
  #due = false;

  /** Memory for messages, which is used and empty again within one call. */
  get output(): FrameOutput {
    this.#output ??= new FrameOutput();
    return this.#output;
  }

  /** Lets a stream produce in one of the next turns of the loop. */
  add(stream: Producer): void {
    this.#ready.push(stream);
    if (this.#due) return;
    this.#due = true;
    setImmediate(() => {
      this.#due = false;
      this.#run();
    });
  }

  #run(): void {
    const end = performance.now() + SLICE;
    const turn = this.#ready;
    this.#ready = [];
    let done = 0;
    do turn[done++].produce(this.output, end);
    while (done < turn.length && performance.now() < end);
    if (done < turn.length) {
      // Those that have had no turn come first.
      const later = this.#ready;
      this.#ready = [];
      for (const stream of turn.slice(done)) this.add(stream);
      for (const stream of later) this.#ready.push(stream);
    }
  }
}
