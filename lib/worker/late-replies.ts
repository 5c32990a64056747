/** Sends the late replies of one turn of the event loop together. Native code sends those of a batch's own microtasks before. */
export class LateReplies {
  readonly #send: () => void;
  #due = false;

  constructor(send: () => void) {
    this.#send = send;
  }

  /** Sends at the end of this turn. */
  soon(): void {
    if (this.#due) return;
    this.#due = true;
    setImmediate(() => {
      this.#due = false;
      this.#send();
    });
  }
}
