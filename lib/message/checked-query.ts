import { LENGTH_PREFIX } from '../dns/numbers.js';
import { addon } from '../native/addon.js';
import type { Origin } from './batch.js';
import { MessageCheck } from './message-check.js';
import { Query } from './query.js';

const { layout } = addon;
const messageCheck = new MessageCheck();

/**
 * The query that this program has written to `input`, from behind the room for its length up to `end`. Undefined if it is
 * not a valid query. The query keeps `input`.
 */
export function checkedQuery(input: Buffer, end: number, origin: Origin): Query | undefined {
  input.writeUInt16BE(end - LENGTH_PREFIX);
  const { words, text } = messageCheck.check(input, end);
  return words[layout.query.verdict] === layout.verdict.query
    ? new Query({ input, words, text, origin }, 0)
    : undefined;
}
