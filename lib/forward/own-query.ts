import { optSize, writeOpt } from '../dns/edns.js';
import {
  DEFAULT_UDP_PAYLOAD,
  FLAG,
  HEADER_SIZE,
  LENGTH_PREFIX,
  MAX_NAME,
  QUESTION_FIXED_SIZE,
} from '../dns/numbers.js';
import { typeName } from '../dns/registry.js';
import { MessageWriter } from '../dns/writer.js';
import type { Endpoint, Origin } from '../message/batch.js';
import { checkedQuery } from '../message/checked-query.js';
import type { Query } from '../message/query.js';
import type { QuestionConfig } from '../options/question.js';

/** No client has sent the query. */
const NOBODY: Endpoint = { address: '127.0.0.1', port: 0, family: 'IPv4' };
const SIZE = LENGTH_PREFIX + HEADER_SIZE + MAX_NAME + QUESTION_FIXED_SIZE + optSize([]);

const originOf = (transport: 'udp' | 'tcp'): Origin => ({
  transport,
  envelopeSize: 0,
  client: () => NOBODY,
  local: () => NOBODY,
});
const byUdp = originOf('udp');
const byTcp = originOf('tcp');

/** The query for a question of this program, with EDNS. Throws `Error` for a type that no query may have, such as OPT. */
export function ownQuery(question: QuestionConfig): Query {
  const { name, type, recursionDesired, checkingDisabled, authenticData, dnssecOk, tcp } = question;
  const flags = (recursionDesired ? FLAG.RD : 0) | (checkingDisabled ? FLAG.CD : 0) | (authenticData ? FLAG.AD : 0);
  const input = Buffer.alloc(SIZE);
  const writer = new MessageWriter();
  writer.begin(input, LENGTH_PREFIX, SIZE, '.');
  for (const word of [0, flags, 1, 0, 0, 1]) writer.u16(word);
  writer.name(name, false);
  writer.u16(type);
  writer.u16(question.class);
  writeOpt(writer, DEFAULT_UDP_PAYLOAD, 0, dnssecOk, []);
  const query = checkedQuery(input, writer.at, tcp ? byTcp : byUdp);
  if (query === undefined) throw new Error(`no query can ask for ${name} ${typeName(type)}`);
  return query;
}
