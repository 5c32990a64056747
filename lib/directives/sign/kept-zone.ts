import { join } from 'node:path';
import type { ZoneThread } from '../../authority/zone-thread.js';
import { withLastDot } from '../../dns/names.js';
import type { Logger } from '../../message/handler.js';
import type { Denial } from '../../zone/signing/sign-zone.js';
import { fileText } from './file-names.js';
import { readKeys, type KeySource } from './keys.js';
import { reasonToSign } from './reason.js';
import { sign, type SignProgress } from './sign-file.js';

/** Milliseconds between checks. */
const INTERVAL = 60_000;

/** A zone that is to be signed. */
export interface SignOptions {
  /** Its name, in the form of `Query.key`. */
  origin: string;
  /** The path of the zone file. */
  file: string;
  keys: readonly KeySource[];
  /** The folder of the signed file. */
  directory: string;
  denial: Denial;
}

/** The path of the signed file. */
export function signedPath({ directory, origin }: SignOptions): string {
  return join(directory, `db.${fileText(origin)}signed`);
}

/** What {@link KeptZone} works with. */
export interface SignRuntime {
  logger: Logger;
  thread: Pick<ZoneThread, 'run'>;
  /** Called with the path of a file that was signed. */
  onSigned: (file: string) => Promise<void>;
}

/** A zone whose signed file is kept good: it is made again when that is due. */
export class KeptZone {
  readonly #options: SignOptions;
  readonly #signed: string;
  readonly #runtime: SignRuntime;
  readonly #abort = new AbortController();
  readonly #timer: NodeJS.Timeout;
  /** The check in progress: signing may take longer than the interval. */
  #checking: Promise<boolean> | undefined;
  /** The last error that was logged. */
  #fault: string | undefined;

  /** Begins with a check. Throws the errors of `readKeys`. */
  constructor(options: SignOptions, runtime: SignRuntime) {
    this.#options = options;
    this.#signed = signedPath(options);
    this.#runtime = runtime;
    readKeys(options.keys, options.origin);
    void this.check().then((signed) => {
      if (signed) return;
      const place = `zone ${this.#zone} in ${JSON.stringify(this.#signed)}`;
      this.#runtime.logger.info(`plugin/sign: Skipping signing ${place}: signatures are valid`);
    });
    this.#timer = setInterval(() => void this.check(), INTERVAL).unref();
  }

  /** Signs the zone if that is due, and resolves with whether it was. A failure is logged, each reason once. */
  check(): Promise<boolean> {
    this.#checking ??= this.#check().finally(() => {
      this.#checking = undefined;
    });
    return this.#checking;
  }

  /** Ends the checks, and a signing in progress. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#abort.abort();
    await this.#checking;
  }

  async #check(): Promise<boolean> {
    try {
      const { origin, file, denial } = this.#options;
      const keys = readKeys(this.#options.keys, origin);
      const reason = await reasonToSign(this.#signed, { origin, file, keys, denial }, Date.now());
      if (reason === undefined) return false;
      this.#abort.signal.throwIfAborted();
      if (this.#fault === undefined) this.#runtime.logger.info(`plugin/sign: Signing ${this.#zone} because ${reason}`);
      await this.#sign();
      this.#fault = undefined;
    } catch (error) {
      const { message } = error as Error;
      if (!this.#abort.signal.aborted && message !== this.#fault)
        this.#runtime.logger.warn(`plugin/sign: Error signing ${this.#zone}: ${message}`);
      this.#fault = message;
    }
    return true;
  }

  async #sign(): Promise<void> {
    const { origin, file, keys, denial } = this.#options;
    const { logger, thread, onSigned } = this.#runtime;
    const started = performance.now();
    const onProgress = ({ names, all }: SignProgress): void => {
      const done = all === undefined ? 'is being read' : `${count(names)} of ${count(all)} names are signed`;
      logger.info(`plugin/sign: zone ${this.#zone}: ${done}`);
    };
    const input = { origin, file, keys, denial, signed: this.#signed };
    const { serial, keyTags, warnings } = await thread.run(sign, input, { signal: this.#abort.signal, onProgress });
    for (const warning of warnings) logger.warn(`plugin/sign: ${warning}`);
    const seconds = ((performance.now() - started) / 1000).toFixed(3);
    logger.info(
      `plugin/sign: Successfully signed zone ${this.#zone} in ${JSON.stringify(this.#signed)} with key tags ` +
        `"${keyTags.join()}" and ${serial} SOA serial, elapsed ${seconds}`,
    );
    await onSigned(this.#signed);
  }

  /** Its name as CoreDNS logs it. */
  get #zone(): string {
    return JSON.stringify(withLastDot(this.#options.origin));
  }
}

function count(number: number): string {
  return number.toLocaleString('en-US');
}
