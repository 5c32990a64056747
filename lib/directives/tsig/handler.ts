import { isInZones } from '../../dns/names.js';
import type { Opcode } from '../../dns/registry.js';
import type { TsigKey } from '../../dns/tsig.js';
import { withCode } from '../../errors.js';
import type { Handler } from '../../message/handler.js';
import type { Query } from '../../message/query.js';
import type { Reply } from '../../message/reply.js';
import { TsigVerifier } from '../../worker/tsig-verifier.js';
import { readKeyFile } from './key-file.js';

/** What must be signed: everything, or a list. */
export type Required<Name> = 'all' | readonly Name[];

/** The configuration of `tsig`. */
export interface TsigSettings {
  /** The zones whose queries are checked, in the form of `Query.key`. */
  zones: string[];
  /** Keys of the Corefile. */
  keys: TsigKey[];
  /** Files of more keys. */
  files: string[];
  /** Types of questions that must be signed, in the form of `Query.type`. */
  types: Required<string>;
  /** Opcodes of messages that must be signed. */
  opcodes: Required<Opcode>;
}

/**
 * All keys. Throws `ERR_MULTISOCKET_TSIG_KEYS` for an invalid file, and for a name that has two secrets; a system error for
 * a file that cannot be read.
 */
export function readKeys({ keys, files }: Pick<TsigSettings, 'keys' | 'files'>): TsigKey[] {
  const all = [...keys];
  for (const file of files) {
    const more = readKeyFile(file);
    const second = more.find(({ name }) => all.some((key) => key.name === name));
    if (second !== undefined) {
      const message = `${file}: key ${JSON.stringify(second.name)} redefined`;
      throw withCode(new Error(message), 'ERR_MULTISOCKET_TSIG_KEYS');
    }
    all.push(...more);
  }
  return all;
}

/** Checks the signatures of queries (RFC 8945), and refuses those that must be signed and are not. */
export class TsigHandler {
  /** It looks at the TSIG records of queries. */
  readonly checksSignatures = true;
  readonly #settings: TsigSettings;
  readonly #names: ReadonlySet<string>;
  readonly #verifier: TsigVerifier;

  /** Throws the errors of {@link readKeys}. */
  constructor(settings: TsigSettings) {
    const keys = readKeys(settings);
    this.#settings = settings;
    this.#names = new Set(keys.map(({ name }) => name));
    this.#verifier = new TsigVerifier({ keys, required: false });
  }

  /** Passes a query on if it is signed, or need not be. */
  handle(query: Query, reply: Reply, next: Handler): void | Promise<void> {
    if (!isInZones(query.key, this.#settings.zones)) return next(query, reply);
    if (isQuestionOfOurs(query) ? this.#knows(query) : query.tsigOffset !== 0) {
      if (query.signature !== undefined || this.#verifier.admits(query, reply)) return next(query, reply);
      return;
    }
    if (!this.#requires(query)) return next(query, reply);
    reply.rcode = 'REFUSED';
  }

  /** Whether the client that caused a question of the server itself has signed its query with a key of ours. */
  #knows({ signature }: Query): boolean {
    return signature?.tsig !== undefined && this.#names.has(signature.tsig.key);
  }

  #requires({ type, opcode }: Query): boolean {
    const { types, opcodes } = this.#settings;
    return types === 'all' || types.includes(type) || opcodes === 'all' || opcodes.includes(opcode);
  }
}

/** Whether the server itself asks, for a query that has been checked already: the target of an alias. */
function isQuestionOfOurs({ lookups }: Query): boolean {
  return lookups !== undefined && lookups.asked.length > 0;
}
