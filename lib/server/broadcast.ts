import { checkBoolean, invalidType, invalidValue } from '../errors.js';
import type { Kept } from '../worker/messages.js';
import { hasEnded } from './supervised-worker.js';
import type { Supervisor } from './supervisor.js';

/** Options of `Server.postMessage`. */
export interface PostMessageOptions {
  /**
   * Whether workers that start later receive the message, too, until another sticky one takes its place: before their first
   * query. Default false.
   */
  sticky?: boolean;
}

/** Messages of the owner to all its workers. */
export class Broadcast {
  readonly #supervisor: Supervisor;
  #kept: Kept | undefined;

  constructor(supervisor: Supervisor) {
    this.#supervisor = supervisor;
  }

  /** The last sticky message, for a worker that starts. */
  get kept(): Kept | undefined {
    return this.#kept;
  }

  /** See `Server.postMessage`. */
  post(message: unknown, options: PostMessageOptions): Promise<void> {
    const { sticky = false } = checked(options);
    const copy: unknown = structuredClone(message);
    if (sticky) this.#kept = { message: copy };
    const { all, starting } = this.#supervisor;
    // A worker that starts does not serve yet, and runs its listeners before it does.
    for (const worker of starting) worker.hear(copy).catch(unlessEnded);
    return Promise.all(all.map((worker) => worker.hear(copy).catch(unlessEnded))).then(() => undefined);
  }
}

function checked(options: PostMessageOptions): PostMessageOptions {
  if (typeof (options as unknown) !== 'object' || (options as unknown) === null) {
    throw invalidType('options', 'an object', options);
  }
  for (const name of Object.keys(options)) {
    if (name === 'transfer') {
      const reason = 'is not allowed: a message goes to every worker. A SharedArrayBuffer in it is shared, not cloned';
      throw invalidValue('transfer', reason, (options as { transfer: unknown }).transfer);
    }
    if (name !== 'sticky') throw invalidValue(name, 'is unknown: sticky is the only one', (options as never)[name]);
  }
  if (options.sticky !== undefined) checkBoolean('sticky', options.sticky);
  return options;
}

/** A worker that has ended has no data that could be old. */
function unlessEnded(error: unknown): void {
  if (!hasEnded(error)) throw error;
}
