/** Writes the query to an upstream for a client's query. */
import { randomInt } from 'node:crypto';
import {
  DEFAULT_UDP_PAYLOAD,
  DNSSEC_OK,
  FLAG,
  HEADER_SIZE,
  OPT_FIXED_SIZE,
  OPTION,
  OPTION_FIXED_SIZE,
  QUESTION_FIXED_SIZE,
  TYPE,
} from '../dns/numbers.js';
import type { Edns, EdnsOption } from '../dns/edns.js';

/** Flags that a client sets for the resolver. */
const FORWARDED_FLAGS = FLAG.RD | FLAG.AD | FLAG.CD;

/** What an upstream's query takes from a client's `Query`. */
interface ForwardedQuery {
  readonly bytes: Buffer;
  readonly offset: number;
  readonly questionEnd: number;
  readonly flags: number;
  readonly hasEdns: boolean;
  readonly dnssecOk: boolean;
  readonly optionsLength: number;
  readonly edns: Edns | undefined;
  readonly ownOptions: readonly number[];
}

/** Octets of the message that {@link writeQuery} writes. */
export function queryLength(query: ForwardedQuery, edns: boolean): number {
  if (!edns) return query.questionEnd;
  return (
    query.questionEnd +
    OPT_FIXED_SIZE +
    forwardedOptions(query).reduce((sum, { data }) => sum + OPTION_FIXED_SIZE + data.length, 0)
  );
}

/**
 * Writes the query for an upstream: the client's question in its upper and lower case, or in lower case; its RD, AD, CD
 * and DO; and with `edns`, which the client must have used, an OPT record with the server's own payload size. Only Client
 * Subnet (RFC 7871 s.7.1.3) and the options that `rewrite` has set are forwarded. Cookies, padding and keepalive are
 * between the client and this server.
 */
export function writeQuery(query: ForwardedQuery, target: Buffer, at: number, lowerCase: boolean, edns: boolean): void {
  const { bytes, offset, questionEnd } = query;
  const flags = query.flags & FORWARDED_FLAGS;
  target[at + 2] = flags >> 8;
  target[at + 3] = flags;
  for (let i = 4; i < HEADER_SIZE; i++) target[at + i] = 0;
  target[at + 5] = 1;
  const nameEnd = questionEnd - QUESTION_FIXED_SIZE;
  for (let i = HEADER_SIZE; i < nameEnd; i++) {
    const octet = bytes[offset + i];
    // Lengths of labels are below 'A', so these octets stay.
    target[at + i] = lowerCase && octet >= 0x41 && octet <= 0x5a ? octet | 0x20 : octet;
  }
  for (let i = nameEnd; i < questionEnd; i++) target[at + i] = bytes[offset + i];
  if (!edns) return;
  target[at + 11] = 1;
  at += questionEnd;
  target[at] = 0;
  target[at + 1] = 0;
  target[at + 2] = TYPE.OPT;
  target[at + 3] = DEFAULT_UDP_PAYLOAD >> 8;
  target[at + 4] = DEFAULT_UDP_PAYLOAD & 0xff;
  target[at + 5] = 0;
  target[at + 6] = 0;
  target[at + 7] = query.dnssecOk ? DNSSEC_OK >> 8 : 0;
  target[at + 8] = 0;
  target[at + 9] = 0;
  target[at + 10] = 0;
  const options = forwardedOptions(query);
  let end = at + OPT_FIXED_SIZE;
  for (const { code, data } of options) {
    target.writeUInt16BE(code, end);
    target.writeUInt16BE(data.length, end + 2);
    end += OPTION_FIXED_SIZE + data.copy(target, end + OPTION_FIXED_SIZE);
  }
  target.writeUInt16BE(end - at - OPT_FIXED_SIZE, at + OPT_FIXED_SIZE - 2);
}

/** The message of {@link writeQuery} with a random ID. */
export function upstreamQuery(query: ForwardedQuery): Buffer {
  const message = Buffer.alloc(queryLength(query, query.hasEdns));
  writeQuery(query, message, 0, false, query.hasEdns);
  message.writeUInt16BE(randomInt(0x10000));
  return message;
}

const NO_OPTIONS: readonly EdnsOption[] = [];

function forwardedOptions(query: ForwardedQuery): readonly EdnsOption[] {
  if (query.optionsLength === 0) return NO_OPTIONS;
  const { ownOptions } = query;
  return (
    query.edns?.options.filter(({ code }) => code === OPTION.CLIENT_SUBNET || ownOptions.includes(code)) ?? NO_OPTIONS
  );
}
