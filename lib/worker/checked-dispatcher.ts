import type { Query } from '../message/query.js';
import type { Reply } from '../message/reply.js';
import { Dispatcher, type Deliver, type DispatcherOptions } from './dispatcher.js';
import { TsigVerifier } from './tsig-verifier.js';
import type { ServingOptions } from './messages.js';

/** Whether a query may go to the handler. Otherwise `reply` is the answer. */
type Check = (query: Query, reply: Reply) => boolean;

/** A dispatcher that checks each query before the handler is called. */
class CheckedDispatcher extends Dispatcher {
  readonly #checks: readonly Check[];

  constructor(options: DispatcherOptions, checks: readonly Check[]) {
    super(options);
    this.#checks = checks;
  }

  override serve(query: Query, reply: Reply, deliver: Deliver): boolean {
    for (const passes of this.#checks) if (!passes(query, reply)) return true;
    return super.serve(query, reply, deliver);
  }
}

/** The dispatcher of a worker, with the checks that the server's options call for. */
export function createDispatcher(options: DispatcherOptions, { tsig, opcodes }: ServingOptions): Dispatcher {
  const checks: Check[] = [];
  if (tsig !== undefined) {
    const verifier = new TsigVerifier(tsig);
    checks.push((query, reply) => verifier.admits(query, reply));
  }
  if (opcodes.length > 1) checks.push(prepare);
  return checks.length === 0 ? new Dispatcher(options) : new CheckedDispatcher(options, checks);
}

/**
 * Whether the data of all records of an UPDATE or a NOTIFY fit their types; if not, the client gets FORMERR. The reply to a
 * NOTIFY has AA (RFC 1996 s.4.7).
 */
function prepare(query: Query, reply: Reply): boolean {
  const { opcode } = query;
  if (opcode === 'QUERY') return true;
  reply.authoritative = opcode === 'NOTIFY';
  try {
    return (query.update ?? query.notify) !== undefined;
  } catch {
    reply.rcode = 'FORMERR';
    return false;
  }
}
