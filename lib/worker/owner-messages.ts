import { invalidType, invalidValue, withCode } from '../errors.js';
import type { MessageListener } from '../message/handler.js';

/** The messages of `server.postMessage` in one worker, and the listeners of the handler module for them. */
export class OwnerMessages {
  readonly #warn: (error: Error) => void;
  readonly #listeners: MessageListener[] = [];
  #last: Promise<void> = Promise.resolve();

  /** `warn` receives the errors of listeners. */
  constructor(warn: (error: Error) => void) {
    this.#warn = warn;
  }

  /** See `HandlerContext.on`. */
  readonly on = (event: 'message', listener: MessageListener): void => {
    if (event !== ('message' as string)) throw invalidValue('event', "must be 'message'", event);
    if (typeof listener !== 'function') throw invalidType('listener', 'a function', listener);
    this.#listeners.push(listener);
  };

  /** Resolves when the listeners have run for all messages so far. */
  get delivered(): Promise<void> {
    return this.#last;
  }

  /** Runs the listeners for a message, after those for earlier messages. Resolves when they have run; never rejects. */
  deliver(message: unknown): Promise<void> {
    this.#last = this.#last.then(async () => {
      for (const listener of [...this.#listeners]) {
        try {
          await listener(message);
        } catch (error) {
          const reason = error instanceof Error ? error.message : String(error);
          const failure = new Error(`a listener for messages of the server failed: ${reason}`, { cause: error });
          this.#warn(withCode(failure, 'ERR_MULTISOCKET_MESSAGE_LISTENER'));
        }
      }
    });
    return this.#last;
  }
}
