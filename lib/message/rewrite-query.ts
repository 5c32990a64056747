import { checkedQuery } from './checked-query.js';
import type { QueryConnection } from './connection.js';
import type { Query } from './query.js';
import { optSize, writeOpt, type EdnsOption } from '../dns/edns.js';
import {
  DEFAULT_UDP_PAYLOAD,
  HEADER_SIZE,
  LENGTH_PREFIX,
  MAX_NAME,
  OPCODE_MASK,
  QUESTION_FIXED_SIZE,
} from '../dns/numbers.js';
import { typeName } from '../dns/registry.js';
import { MessageWriter } from '../dns/writer.js';

/** The longest question: a name, its type and class. */
const MAX_QUESTION = MAX_NAME + QUESTION_FIXED_SIZE;
/** Offsets in the header. */
const FLAGS = 2;
const ANSWER_COUNT = 6;
const ADDITIONAL_COUNT = 10;

/** The changes of {@link rewriteQuery}. */
export interface QueryChanges {
  /** In presentation form. */
  name?: string;
  /** Numbers, 0 to 65,535. */
  type?: number;
  class?: number;
  /**
   * The options of its OPT record, which is added if missing. Other records are then left out.
   */
  options?: readonly EdnsOption[];
  /** Codes of those options that are for upstreams. */
  ownOptions?: readonly number[];
}

/**
 * Returns the query as if its client had asked another question. The data after the question stay, unless changed. A
 * NOTIFY or UPDATE becomes a QUERY without records. The reply to the query is for the original one.
 *
 * Throws `Error` for an invalid name, and for options that make the message longer than 65,535 octets.
 */
export function rewriteQuery(query: Query, changes: QueryChanges): Query {
  const { name = query.name, type = query.typeNumber, class: ofClass = query.classNumber, options } = changes;
  const { raw, questionEnd } = query;
  const input = Buffer.alloc(
    LENGTH_PREFIX + MAX_QUESTION + raw.length + (options === undefined ? 0 : optSize(options)),
  );
  const writer = new MessageWriter();
  writer.begin(input, LENGTH_PREFIX, input.length, '.');
  writer.bytes(raw, 0, HEADER_SIZE);
  writer.name(name, false);
  writer.u16(type);
  writer.u16(ofClass);
  if (options === undefined && query.opcode === 'QUERY') {
    writer.bytes(raw, questionEnd);
  } else {
    input.writeUInt16BE(query.flags & ~OPCODE_MASK, LENGTH_PREFIX + FLAGS);
    input.fill(0, LENGTH_PREFIX + ANSWER_COUNT, LENGTH_PREFIX + HEADER_SIZE);
    const all = options ?? query.edns?.options;
    if (all !== undefined) {
      writeOpt(writer, query.hasEdns ? query.udpPayloadSize : DEFAULT_UDP_PAYLOAD, 0, query.dnssecOk, all);
      input.writeUInt16BE(1, LENGTH_PREFIX + ADDITIONAL_COUNT);
    }
  }
  const { client, local, transport } = query;
  const connection = (): QueryConnection => query.connection;
  const origin = { transport, envelopeSize: 0, client: () => client, local: () => local, connection };
  const rewritten = checkedQuery(input, writer.at, origin);
  if (rewritten === undefined) throw new Error(`the query cannot be rewritten to ${name} ${typeName(type)}`);
  rewritten.lookups = query.lookups;
  if (query.signature !== undefined) rewritten.signature = query.signature;
  rewritten.ownOptions = changes.ownOptions ?? query.ownOptions;
  return rewritten;
}
