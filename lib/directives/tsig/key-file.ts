import { readFileSync } from 'node:fs';
import { TSIG_ALGORITHMS, type TsigAlgorithm, type TsigKey } from '../../dns/tsig.js';
import { withCode } from '../../errors.js';
import { tsigKey } from '../../options/tsig.js';
import { resolve } from '../../options/table.js';

const ALGORITHMS = Object.keys(TSIG_ALGORITHMS) as TsigAlgorithm[];
/** A comment, a quoted text, a sign, or a word of BIND's configuration files; then anything else. */
const TOKENS = /(\/\/.*|#.*|\/\*[^]*?\*\/)|"([^"\n]*)"|([{};])|([^\s"{};]+)|\S/g;

/**
 * The keys with a name and a secret in Base64. `algorithm` undefined: one for each algorithm, since clients may use any of
 * them, as in CoreDNS. Throws `Error` for an invalid name or secret.
 */
export function keysOf(name: string, secret: string, algorithm?: TsigAlgorithm): TsigKey[] {
  const algorithms = algorithm === undefined ? ALGORITHMS : [algorithm];
  return algorithms.map((each) => resolve('key', tsigKey, { name, secret, algorithm: each }));
}

/**
 * Reads a file of keys in the form that `tsig-keygen` writes: `key "NAME" { algorithm hmac-sha256; secret "BASE64"; };`.
 * Throws a system error, or `ERR_MULTISOCKET_TSIG_KEYS` with the file and the line.
 */
export function readKeyFile(file: string): TsigKey[] {
  const reader = new KeyFileReader(file, readFileSync(file, 'utf8'));
  const keys: TsigKey[] = [];
  while (!reader.atEnd) {
    const found = reader.key();
    if (keys.some(({ name }) => name === found[0].name))
      throw reader.fault(`key ${JSON.stringify(found[0].name)} redefined`);
    keys.push(...found);
  }
  return keys;
}

interface Token {
  text: string;
  line: number;
  /** Whether it stands in quotes, and so is no sign or word of the language. */
  quoted: boolean;
}

/** Reads the words of a file of keys. */
class KeyFileReader {
  readonly #file: string;
  readonly #tokens: Token[] = [];
  #at = 0;

  constructor(file: string, text: string) {
    this.#file = file;
    let line = 1;
    let last = 0;
    for (const found of text.matchAll(TOKENS)) {
      const [whole, comment, quoted] = found as (string | undefined)[];
      line += text.slice(last, found.index).split('\n').length - 1;
      last = found.index;
      if (comment !== undefined) continue;
      this.#tokens.push({ text: quoted ?? whole ?? '', line, quoted: quoted !== undefined });
    }
  }

  get atEnd(): boolean {
    return this.#at >= this.#tokens.length;
  }

  /** Reads a key. */
  key(): TsigKey[] {
    this.#expect('key');
    const name = this.#value('the name of a key');
    this.#expect('{');
    let algorithm: TsigAlgorithm | undefined;
    let secret: string | undefined;
    while (!this.#takes('}')) {
      const property = this.#value('"algorithm" or "secret"');
      const value = this.#value(`a value of "${property}"`);
      if (property === 'algorithm') algorithm = this.#algorithm(value);
      else if (property === 'secret') secret = value;
      else throw this.fault(`unknown property "${property}": "algorithm" or "secret"`);
      this.#expect(';');
    }
    this.#takes(';');
    if (secret === undefined) throw this.fault(`expected secret for key ${JSON.stringify(name)}`);
    try {
      return keysOf(name, secret, algorithm);
    } catch (error) {
      throw this.fault((error as Error).message);
    }
  }

  /** An error at the last token. */
  fault(message: string): Error {
    const line = this.#tokens.at(Math.max(0, this.#at - 1))?.line ?? 1;
    return withCode(new Error(`${this.#file}:${line}: ${message}`), 'ERR_MULTISOCKET_TSIG_KEYS');
  }

  #algorithm(text: string): TsigAlgorithm {
    const name = ALGORITHMS.find((each) => each === text.toLowerCase());
    if (name === undefined) throw this.fault(`unknown algorithm "${text}": one of ${ALGORITHMS.join(', ')}`);
    return name;
  }

  /** Goes on if the next token is this word. */
  #takes(word: string): boolean {
    const next = this.#tokens.at(this.#at);
    const found = next?.text === word && !next.quoted;
    if (found) this.#at++;
    return found;
  }

  #expect(word: string): void {
    if (this.#takes(word)) return;
    throw this.#unexpected(`"${word}"`);
  }

  #value(expected: string): string {
    const next = this.#tokens.at(this.#at);
    if (next === undefined || (!next.quoted && /^[{};"]/.test(next.text))) throw this.#unexpected(expected);
    this.#at++;
    return next.text;
  }

  #unexpected(expected: string): Error {
    const next = this.#tokens.at(this.#at++);
    return this.fault(
      `unexpected ${next === undefined ? 'end of file' : JSON.stringify(next.text)}, expecting ${expected}`,
    );
  }
}
