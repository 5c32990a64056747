/** Writes the query to an upstream for a client's query. */
import type { EdnsOption } from '../../dns/edns.js';
import type { Query } from '../../message/query.js';

const HEADER_SIZE = 12;
const TYPE_AND_CLASS_SIZE = 4;
/** Flags that a client sets for the resolver: RD, AD, CD. */
const FORWARDED_FLAGS = 0x0100 | 0x0020 | 0x0010;
const TYPE_OPT = 41;
const OPT_SIZE = 11;
const DO = 0x80;
/** The longest answer accepted over UDP: it passes every usual path in one piece (RFC 9715 s.3.2). */
const PAYLOAD_SIZE = 1232;
const CLIENT_SUBNET = 8;

/** Octets of the message that {@link writeQuery} writes. */
export function queryLength(query: Query, edns: boolean): number {
  if (!edns) return query.questionEnd;
  return query.questionEnd + OPT_SIZE + forwardedOptions(query).reduce((sum, { data }) => sum + 4 + data.length, 0);
}

/**
 * Writes the query for an upstream: the client's question in its spelling, or in lower case; its RD, AD, CD and DO; and
 * with `edns`, which the client must have used, an OPT record with our own payload size. Of its options only Client Subnet is forwarded (RFC 7871
 * s.7.1.3), and those that `rewrite` has set: cookies, padding and keepalive are between the client and us.
 */
export function writeQuery(query: Query, target: Buffer, at: number, lowerCase: boolean, edns: boolean): void {
  const { bytes, offset, questionEnd } = query;
  const flags = query.flags & FORWARDED_FLAGS;
  target[at + 2] = flags >> 8;
  target[at + 3] = flags;
  for (let i = 4; i < HEADER_SIZE; i++) target[at + i] = 0;
  target[at + 5] = 1;
  const nameEnd = questionEnd - TYPE_AND_CLASS_SIZE;
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
  target[at + 2] = TYPE_OPT;
  target[at + 3] = PAYLOAD_SIZE >> 8;
  target[at + 4] = PAYLOAD_SIZE & 0xff;
  target[at + 5] = 0;
  target[at + 6] = 0;
  target[at + 7] = query.dnssecOk ? DO : 0;
  target[at + 8] = 0;
  target[at + 9] = 0;
  target[at + 10] = 0;
  const options = forwardedOptions(query);
  let end = at + OPT_SIZE;
  for (const { code, data } of options) {
    target.writeUInt16BE(code, end);
    target.writeUInt16BE(data.length, end + 2);
    end += 4 + data.copy(target, end + 4);
  }
  target.writeUInt16BE(end - at - OPT_SIZE, at + OPT_SIZE - 2);
}

const NO_OPTIONS: readonly EdnsOption[] = [];

function forwardedOptions(query: Query): readonly EdnsOption[] {
  if (query.optionsLength === 0) return NO_OPTIONS;
  const { ownOptions } = query;
  return query.edns?.options.filter(({ code }) => code === CLIENT_SUBNET || ownOptions.includes(code)) ?? NO_OPTIONS;
}
