import type { OwnerDirective } from '../../corefile/directive.js';
import type { MetricSample } from '../../corefile/metric-sample.js';
import type { Logger } from '../../message/handler.js';
import type { QueryLogEntry } from '../../message/query-log-entry.js';
import { compileExtra } from './extra.js';
import { FrameStream } from './frame-stream.js';
import { clientQuery, clientResponse } from './message.js';
import type { TapOptions } from './options.js';

/** Sends the entries of the query log to collectors: those of all uses in all server blocks. */
export class Taps implements OwnerDirective {
  /** By the server block's configuration. */
  readonly #taps: readonly Tap[][];

  constructor(configs: readonly TapOptions[][], logger: Logger) {
    this.#taps = configs.map((uses) => uses.map((use) => new Tap(use, logger)));
  }

  logged(entries: readonly QueryLogEntry[], block: number): void {
    for (const entry of entries) for (const tap of this.#taps[block]) tap.send(entry);
  }

  metrics(): MetricSample[] {
    const number = this.#taps.flat().reduce((sum, { lost }) => sum + lost, 0);
    const help = 'Messages that collectors of dnstap were too slow for, or away.';
    return [{ name: 'dnstap_dropped_total', help, labels: {}, value: { type: 'total', number } }];
  }

  async close(): Promise<void> {
    await Promise.all(this.#taps.flat().map((tap) => tap.close()));
  }
}

/** One use of the directive. */
class Tap {
  readonly #full: boolean;
  readonly #identity: { identity: Buffer; version: Buffer };
  readonly #extra: ((entry: QueryLogEntry) => string) | undefined;
  readonly #stream: FrameStream;

  constructor({ collector, full, queue, identity, version, extra }: TapOptions, logger: Logger) {
    this.#full = full;
    this.#identity = { identity: Buffer.from(identity), version: Buffer.from(version) };
    this.#extra = extra === undefined ? undefined : compileExtra(extra);
    this.#stream = new FrameStream({
      collector,
      queue,
      warn: (message) => {
        logger.warn(message);
      },
    });
  }

  get lost(): number {
    return this.#stream.lost;
  }

  send(entry: QueryLogEntry): void {
    const extra = this.#extra === undefined ? undefined : Buffer.from(this.#extra(entry));
    const identity = { ...this.#identity, extra };
    this.#stream.send(clientQuery(entry, this.#full, identity));
    if (entry.rcode !== undefined) this.#stream.send(clientResponse(entry, this.#full, identity));
  }

  close(): Promise<void> {
    return this.#stream.close();
  }
}
