import { randomBytes } from 'node:crypto';
import { addon, type Guard, type NativeRateLimit } from '../native/addon.js';
import type { CookieConfig } from '../options/cookies.js';

/** Octets of a secret (RFC 9018 s.4.4: a key of SipHash). */
const SECRET_SIZE = 16;

/** The cookies and rate limits of a server, shared by all its workers. */
export class ServerGuard {
  readonly #guard: Guard;
  #secrets: readonly Uint8Array[];
  readonly #timer: NodeJS.Timeout | undefined;

  /** Returns undefined if the server has neither cookies nor rate limits. */
  static open(
    cookies: CookieConfig | undefined,
    rateLimit: NativeRateLimit | undefined,
    payloadSize: number,
  ): ServerGuard | undefined {
    if (cookies === undefined && rateLimit === undefined) return undefined;
    return new ServerGuard(cookies, rateLimit, payloadSize);
  }

  private constructor(cookies: CookieConfig | undefined, rateLimit: NativeRateLimit | undefined, payloadSize: number) {
    this.#secrets = cookies?.secrets ?? [randomBytes(SECRET_SIZE)];
    const native = cookies && { secrets: this.#secrets, require: cookies.require };
    this.#guard = new addon.Guard({ payloadSize, cookies: native, rateLimit });
    if (cookies === undefined || cookies.secrets !== undefined || cookies.rotation === 0) return;
    this.#timer = setInterval(() => {
      this.rotate();
    }, cookies.rotation).unref();
  }

  /** The workers find it by this number. */
  get number(): number {
    return this.#guard.number();
  }

  /** Makes cookies with the first of these secrets from now on. Default: a fresh one; the previous one stays valid. */
  rotate(secrets: readonly Uint8Array[] = [randomBytes(SECRET_SIZE), this.#secrets[0]]): void {
    this.#secrets = secrets;
    this.#guard.setCookieSecrets(secrets);
  }

  close(): void {
    clearInterval(this.#timer);
  }
}
