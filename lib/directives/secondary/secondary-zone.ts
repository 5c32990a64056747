import { constants } from 'node:fs';
import { access, rename, utimes } from 'node:fs/promises';
import type { Authority } from '../../authority/authority.js';
import type { CodedError } from '../../errors.js';
import type { CopiedZone } from '../../authority/copied-zone.js';
import { readStored } from '../../authority/jobs/read-stored.js';
import { receive } from '../../authority/jobs/receive.js';
import type { ZoneState } from '../../authority/published-zones.js';
import { nameOfPrimary, type Primary } from '../../authority/transfer-in/primary.js';
import { askSerial } from '../../authority/transfer-in/soa-query.js';
import type { ZoneSource } from '../../authority/zone-sources.js';
import { printable } from '../../message/printable.js';
import { MAX_INT32 } from '../../options/numbers.js';
import { isLater } from '../../zone/serial.js';
import { afterFailure, afterSuccess } from './delays.js';
import type { SecondaryOptions } from './options.js';

/** Milliseconds between two checks that NOTIFY asks for, at least. */
const NOTIFY_INTERVAL = 1000;

/** The most faults that are logged until a check succeeds. */
const MAX_LOGGED = 10;

/** Options of {@link SecondaryZone}. */
export interface SecondaryZoneOptions extends Pick<SecondaryOptions, 'primaries' | 'key'> {
  /** The key under which the zone is published. */
  source: string;
  /** The zone's name, in the form of `Query.key`. */
  origin: string;
  /** The file of the stored zone; undefined: it is not stored. */
  file: string | undefined;
}

/**
 * A zone of which other servers are the primaries, in the owner's thread. It publishes the stored zone, then the versions
 * that it gets from the primaries, as the times of the SOA record say (RFC 1034 s.4.3.5) and when NOTIFY asks for it.
 */
export class SecondaryZone implements ZoneSource {
  /** Resolves when the stored zone is published, or there is none. */
  readonly loaded: Promise<void>;
  readonly #options: SecondaryZoneOptions;
  readonly #authority: Authority;
  readonly #abort = new AbortController();
  #zone: CopiedZone | undefined;
  #refreshTimer: NodeJS.Timeout | undefined;
  #expiryTimer: NodeJS.Timeout | undefined;
  /** By `performance.now()`. */
  #expiresAt = 0;
  #isChecking = false;
  /** When the last check began, by `performance.now()`. */
  #checkedAt = -Infinity;
  /** The primary that has sent NOTIFY since the last check. */
  #notifier: Primary | undefined;
  /** Checks that have failed in turn. */
  #failures = 0;
  readonly #onFault = (error: Error): void => {
    if (!this.#abort.signal.aborted) this.#authority.logger.error(`${this.#name}: ${error.message}`);
  };
  /** What was logged since the last check that has succeeded. */
  readonly #logged = new Set<string>();

  constructor(options: SecondaryZoneOptions, authority: Authority) {
    this.#options = options;
    this.#authority = authority;
    this.loaded = this.#start();
    this.loaded.catch(() => undefined); // who holds the source handles it
  }

  /** Checks the primaries soon, the one with this index first: it has sent NOTIFY (RFC 1996 s.4.7). */
  notify(primary: number): void {
    if (this.#notifier !== undefined) return; // the check is due
    this.#notifier = this.#options.primaries.at(primary);
    if (!this.#isChecking) this.#checkIn(Math.max(0, this.#checkedAt + NOTIFY_INTERVAL - performance.now()));
  }

  /** Ends its checks and a transfer; forgets the zone. */
  close(): void {
    this.#abort.abort(new Error('the zone is served no longer'));
    clearTimeout(this.#refreshTimer);
    clearTimeout(this.#expiryTimer);
    this.#authority.zones.forget(this.#options.source);
  }

  async #start(): Promise<void> {
    const stored = await this.#readStored();
    if (stored === undefined) await this.#publish('waiting');
    else await this.#take(stored, stored.age);
    this.#checkIn(0);
  }

  async #readStored(): Promise<(CopiedZone & { age: number }) | undefined> {
    const { file, origin } = this.#options;
    if (file === undefined || !(await exists(file))) return undefined;
    try {
      return await this.#authority.thread.run(readStored, { file, origin }, { signal: this.#abort.signal });
    } catch (error) {
      this.#abort.signal.throwIfAborted();
      await this.#setAside(file, error as CodedError);
      return undefined;
    }
  }

  /** Gives a file another name if its contents are at fault. One that cannot be read stays. */
  async #setAside(file: string, { code, message }: Partial<CodedError>): Promise<void> {
    const { logger } = this.#authority;
    const aside = `${file}.damaged`;
    const isDamaged = code === undefined || code === 'ERR_MULTISOCKET_ZONE';
    const fate = isDamaged ? `becomes ${aside}` : 'stays';
    logger.error(`${this.#name}: the stored zone is not used and ${fate}: ${message}`);
    if (!isDamaged) return;
    await rename(file, aside).catch((error: unknown) => {
      logger.error(`${this.#name}: ${file} stays as it is: ${(error as Error).message}`);
    });
  }

  async #check(): Promise<void> {
    if (this.#isChecking) return;
    this.#isChecking = true;
    this.#checkedAt = performance.now();
    const notifier = this.#notifier;
    this.#notifier = undefined;
    const succeeded = await this.#tryPrimaries(notifier);
    this.#isChecking = false;
    this.#failures = succeeded ? 0 : this.#failures + 1;
    this.#checkIn(this.#nextDelay());
  }

  #nextDelay(): number {
    const zone = this.#zone;
    const delay = this.#failures === 0 && zone !== undefined ? afterSuccess(zone) : afterFailure(zone, this.#failures);
    return this.#notifier === undefined ? delay : Math.min(delay, NOTIFY_INTERVAL);
  }

  /** Whether the zone is now that of a primary. */
  async #tryPrimaries(first: Primary | undefined): Promise<boolean> {
    const { primaries } = this.#options;
    for (const primary of first === undefined ? primaries : new Set([first, ...primaries])) {
      try {
        await this.#try(primary);
        this.#logged.clear();
        return true;
      } catch (error) {
        if (this.#abort.signal.aborted) return false;
        this.#warn((error as Error).message);
      }
    }
    return false;
  }

  async #try(primary: Primary): Promise<void> {
    const { origin, key, file } = this.#options;
    const { signal } = this.#abort;
    const own = this.#zone;
    const serial = await askSerial(primary, origin, key, signal).catch((cause: unknown) => {
      throw new Error(`${nameOfPrimary(primary)}: ${(cause as Error).message}`, { cause });
    });
    if (own?.serial === serial) return this.#confirm(own);
    if (own !== undefined && !isLater(serial, own.serial)) {
      throw new Error(`${nameOfPrimary(primary)}: its serial ${serial} is before ${own.serial}: it is not taken`);
    }
    const request = { origin, primary, key, image: own?.image, serial: own?.serial, file };
    const { zone, ...received } = await this.#authority.thread.run(receive, request, { signal });
    if (zone === undefined) {
      if (own === undefined) throw new Error(`${nameOfPrimary(primary)}: it has sent no zone`);
      return this.#confirm(own);
    }
    await this.#take(zone, 0);
    const { records, outside, incremental, storeFault } = received;
    const left = outside === 0 ? '' : `; ${outside} outside of the zone are left out`;
    const form = incremental ? 'IXFR' : 'AXFR';
    const { logger } = this.#authority;
    logger.info(
      `${this.#name}: serial ${zone.serial} from ${nameOfPrimary(primary)} by ${form}, ${records} records${left}`,
    );
    if (storeFault !== undefined) logger.error(`${this.#name}: it was not stored: ${storeFault}`);
  }

  /** A primary has no later zone: its time of expiry begins again, also in the file. */
  async #confirm(zone: CopiedZone): Promise<void> {
    const { file } = this.#options;
    const wasExpired = performance.now() >= this.#expiresAt;
    if (wasExpired) await this.#take(zone, 0);
    else this.#expireAfter(zone, 0);
    const now = new Date();
    if (file !== undefined) await utimes(file, now, now).catch(() => undefined); // the file is missing if it cannot be written
  }

  /** Publishes a zone that a primary was last known to have `age` milliseconds ago. */
  async #take(zone: CopiedZone, age: number): Promise<void> {
    this.#abort.signal.throwIfAborted();
    this.#zone = zone;
    this.#expireAfter(zone, age);
    await this.#publish(performance.now() < this.#expiresAt ? 'loaded' : 'expired');
  }

  #expireAfter({ expire }: CopiedZone, age: number): void {
    this.#expiresAt = performance.now() + 1000 * expire - age;
    this.#awaitExpiry();
  }

  #awaitExpiry(): void {
    clearTimeout(this.#expiryTimer);
    const left = this.#expiresAt - performance.now();
    const wait = Math.min(MAX_INT32, Math.max(0, left));
    this.#expiryTimer = setTimeout(() => {
      if (performance.now() < this.#expiresAt) this.#awaitExpiry();
      else this.#expire().catch(this.#onFault);
    }, Math.ceil(wait)).unref();
  }

  async #expire(): Promise<void> {
    const { source, origin } = this.#options;
    if (this.#authority.zones.get(source, origin)?.state === 'expired') return;
    this.#authority.logger.error(`${this.#name} has expired: no primary has confirmed it`);
    await this.#publish('expired');
  }

  async #publish(state: ZoneState): Promise<void> {
    const { source, origin } = this.#options;
    const { image, serial } = state === 'loaded' && this.#zone !== undefined ? this.#zone : {};
    await this.#authority.zones.publish({ source, origin, state, image, serial });
  }

  #checkIn(delay: number): void {
    if (this.#abort.signal.aborted) return;
    clearTimeout(this.#refreshTimer);
    this.#refreshTimer = setTimeout(() => {
      this.#check().catch(this.#onFault);
    }, delay).unref();
  }

  /** Logs a fault, the same one once until a check succeeds. What a primary sends may vary without end. */
  #warn(message: string): void {
    if (this.#logged.has(message) || this.#logged.size === MAX_LOGGED) return;
    this.#logged.add(message);
    this.#authority.logger.warn(`${this.#name}: ${printable(message)}`);
  }

  get #name(): string {
    return `plugin/secondary: zone ${this.#options.origin}`;
  }
}

function exists(file: string): Promise<boolean> {
  return access(file, constants.F_OK).then(
    () => true,
    () => false,
  );
}
