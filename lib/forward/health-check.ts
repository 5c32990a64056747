import { FLAG, HEADER_SIZE, MAX_NAME, QUESTION_FIXED_SIZE } from '../dns/numbers.js';
import { MessageWriter } from '../dns/writer.js';
import type { Carrier, Detour, Exchange } from './exchange.js';
import type { ForwarderConfig } from '../options/forwarder.js';
import type { UpstreamCounts } from './counts.js';

const TYPE_NS = 2;
const CLASS_IN = 1;
/** The longest name, type and class after a header. */
const MAX_LENGTH = HEADER_SIZE + MAX_NAME + QUESTION_FIXED_SIZE;
/** Milliseconds that an answer may take. */
const TIMEOUT = 1000;

/** Checks a failed upstream by queries until it answers. Any answer counts as healthy. */
export class HealthCheck implements Exchange {
  readonly length: number;
  readonly questionEnd: number;
  readonly #message = Buffer.alloc(MAX_LENGTH);
  readonly #carrier: Carrier;
  readonly #interval: number;
  readonly #counts: UpstreamCounts;
  #fails = 0;
  #running = false;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(
    carrier: Carrier,
    { interval, recursionDesired, domain }: ForwarderConfig['healthCheck'],
    counts: UpstreamCounts,
  ) {
    this.#carrier = carrier;
    this.#counts = counts;
    this.#interval = interval;
    const writer = new MessageWriter();
    writer.begin(this.#message, 0, MAX_LENGTH, '');
    for (const word of [0, recursionDesired ? FLAG.RD : 0, 1, 0, 0, 0]) writer.u16(word);
    writer.name(domain, false);
    writer.u16(TYPE_NS);
    writer.u16(CLASS_IN);
    this.length = this.questionEnd = writer.at;
  }

  /** The number of failed checks in a row. */
  get fails(): number {
    return this.#fails;
  }

  /** Starts the checks, unless they are running. */
  start(): void {
    if (this.#running || this.#closed) return;
    this.#running = true;
    this.#ask();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  write(target: Buffer, at: number): void {
    this.#message.copy(target, at, 0, this.length);
  }

  answered(): void {
    this.#fails = 0;
    this.#running = false;
  }

  detour(why: Detour): void {
    // A guessed answer may not be the upstream's.
    if (why === 'guessed' || why === 'malformed') this.failed();
    else this.answered();
  }

  failed(): void {
    this.#fails++;
    this.#counts.healthCheckFailures++;
    if (this.#closed) return;
    this.#timer = setTimeout(() => {
      this.#ask();
    }, this.#interval).unref();
  }

  #ask(): void {
    this.#carrier.ask(this, performance.now() + TIMEOUT);
  }
}
