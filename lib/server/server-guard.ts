/** A server's cookies and rate limits, which all its workers share. */
import { randomBytes } from 'node:crypto';
import { addon, type NativeRateLimit } from '../native/addon.js';
import type { CookieConfig } from './options/guard-options.js';

/** Octets of a secret (RFC 9018 s.4.4: a key of SipHash). */
const SECRET_SIZE = 16;

/** See the file's head. */
export class ServerGuard {
  /** By it the workers find them. */
  readonly number: number;
  #secrets: readonly Uint8Array[];
  readonly #timer: NodeJS.Timeout | undefined;

  /** Undefined where there is neither. */
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
    this.number = addon.openGuard({ payloadSize, cookies: native, rateLimit });
    if (cookies === undefined || cookies.secrets !== undefined || cookies.rotation === 0) return;
    this.#timer = setInterval(() => {
      this.rotate();
    }, cookies.rotation).unref();
  }

  /** Makes cookies with the first of these secrets from now on; default: with a fresh one, and the last one stays good. */
  rotate(secrets: readonly Uint8Array[] = [randomBytes(SECRET_SIZE), this.#secrets[0]]): void {
    this.#secrets = secrets;
    addon.setCookieSecrets(this.number, secrets);
  }

  close(): void {
    clearInterval(this.#timer);
    addon.closeGuard(this.number);
  }
}
