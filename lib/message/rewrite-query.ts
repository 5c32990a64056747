/** A query as if its client had asked something else. */
import { checkOne } from './check-one.js';
import { addon } from '../native/addon.js';
import { Query } from './query.js';
import { HEADER_SIZE, MAX_NAME, QUESTION_FIXED_SIZE } from '../dns/numbers.js';
import { typeNumber } from '../dns/registry.js';
import { MessageWriter } from '../dns/writer.js';

const { layout } = addon;
/** The longest question: a name, its type and class. */
const MAX_QUESTION = MAX_NAME + QUESTION_FIXED_SIZE;
const PREFIX = 2;

/**
 * The same query with another name (in presentation form) or type. What follows the question, OPT for one, stays. The
 * reply to the query is for the original one.
 *
 * Throws `Error` for a name or type that is none.
 */
export function rewriteQuery(
  query: Query,
  { name = query.name, type = query.type }: { name?: string; type?: string },
): Query {
  const number = typeNumber(type);
  if (number === undefined) throw new Error(`unknown type ${JSON.stringify(type)}`);
  const { raw, questionEnd } = query;
  const input = Buffer.alloc(PREFIX + MAX_QUESTION + raw.length);
  const writer = new MessageWriter();
  writer.begin(input, PREFIX, input.length, '.');
  writer.bytes(raw, 0, HEADER_SIZE);
  writer.name(name, false);
  writer.u16(number);
  writer.u16(query.classNumber);
  writer.bytes(raw, questionEnd);
  const end = writer.at;
  input.writeUInt16BE(end - PREFIX);
  const { words, text } = checkOne(input, end);
  if (words[layout.query.verdict] !== layout.verdict.query)
    throw new Error(`the query cannot be rewritten to ${name} ${type}`);
  const { client, local, transport } = query;
  const origin = { transport, envelopeSize: 0, client: () => client, local: () => local };
  const rewritten = new Query({ input, words, text, origin }, 0);
  rewritten.lookups = query.lookups;
  return rewritten;
}
