/** Questions of a handler to its own server, for example for targets of aliases (RFC 1034 s.4.3.2). */
import { typeNumber, type Rcode } from '../dns/registry.js';
import type { Handler } from './handler.js';
import type { LookupAnswer, Lookups } from './lookup-answer.js';
import type { Query } from './query.js';
import { Reply } from './reply.js';
import { rewriteQuery } from './rewrite-query.js';

/** The most questions that may lead to one another, the client's included. Enough for all real chains. */
const MAX_DEPTH = 9;

/** Response codes that make a statement about a name; others, such as REFUSED, make none. */
const CONCLUSIVE: ReadonlySet<Rcode> = new Set<Rcode>(['NOERROR', 'NXDOMAIN', 'YXDOMAIN', 'SERVFAIL']);

const FAILED: LookupAnswer = { rcode: 'SERVFAIL', answers: [], authorities: [], additionals: [] };

/** The look-ups of queries whose server has the handler `handler`. */
export function lookupsThrough(handler: Handler): Lookups<Query> {
  const ask = async (query: Query, name: string, type: string): Promise<LookupAnswer> => {
    const { asked = [] } = query.lookups ?? {};
    const number = typeNumber(type);
    if (number === undefined) throw new Error(`unknown type ${JSON.stringify(type)}`);
    const question = rewriteQuery(query, { name, type: number });
    const path = [...asked, questionOf(query)];
    // A loop, or a chain that is too long.
    if (path.length >= MAX_DEPTH || path.includes(questionOf(question))) return FAILED;
    question.lookups = { ask, asked: path };
    const reply = new Reply(question);
    await handler(question, reply);
    if (!reply.answered || reply.dropped) return FAILED;
    const { rcode, answers, authorities, additionals, caching, allDependencies } = reply;
    return { rcode, answers, authorities, additionals, caching, dependencies: allDependencies };
  };
  return { ask, asked: [] };
}

/**
 * Completes a reply whose answers end with an alias: asks the server itself for `target`, and adds the answer. Its
 * response code becomes the reply's (RFC 6604 s.2.1). Resolves with false, the reply unchanged, if this server has no
 * answer for the target: the client then asks others.
 */
export async function followAlias(query: Query, reply: Reply, target: string): Promise<boolean> {
  if (query.lookups === undefined) return false;
  const found = await query.lookup(target);
  if (!CONCLUSIVE.has(found.rcode)) return false;
  reply.rcode = found.rcode;
  reply.answer(...found.answers);
  reply.authority(...found.authorities);
  reply.additional(...found.additionals);
  if (found.caching !== undefined) reply.restrictCaching(found.caching);
  if (found.dependencies !== undefined) reply.dependOn(found.dependencies);
  return true;
}

function questionOf({ key, type, class: queryClass }: Query): string {
  return `${key} ${queryClass} ${type}`;
}
