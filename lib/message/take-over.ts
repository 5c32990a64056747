/** Answers with the message of another server. */
import { scopeOf } from '../dns/client-subnet.js';
import { readOptions, type EdnsOption } from '../dns/edns.js';
import { OPTION } from '../dns/numbers.js';
import type { Query } from './query.js';
import type { Reply } from './reply.js';
import type { EncodedSections } from '../dns/encoded-message.js';

const NO_OPTIONS: readonly EdnsOption[] = [];

/**
 * Answers a query with the records of a message that are known to fit behind its question, and with those options of its OPT
 * that are for the client. The bytes must stay as they are. Throws `RangeError` for an unknown response code.
 */
export function takeOver(query: Query, reply: Reply, sections: EncodedSections): void {
  reply.takeOver(sections);
  const options = returnedOptions(sections);
  if (options.length === 0) return;
  reply.addOptions(options.filter(({ code }) => code === OPTION.EXTENDED_ERROR));
  const replied = options.find(({ code }) => code === OPTION.CLIENT_SUBNET);
  const asked = query.edns?.options.find(({ code }) => code === OPTION.CLIENT_SUBNET);
  if (replied === undefined || asked === undefined) return;
  const scope = scopeOf(replied, asked);
  if (scope === undefined) return;
  // A client that tells nothing of its address gets the scope 0, which then says nothing about others (RFC 7871 s.7.2.1).
  if (query.clientSubnet?.sourcePrefix === 0) reply.addOptions([replied]);
  else reply.clientSubnet({ scope });
}

/**
 * The options that the client gets: the scope of its Client Subnet, and extended errors (RFC 8914 s.3). None if the
 * options are malformed.
 */
function returnedOptions({ bytes, optionsStart, optionsEnd }: EncodedSections): readonly EdnsOption[] {
  if (optionsStart === optionsEnd) return NO_OPTIONS;
  for (let at = optionsStart; at !== optionsEnd; at += 4 + bytes.readUInt16BE(at + 2)) {
    if (at + 4 > optionsEnd) return NO_OPTIONS;
    if (at + 4 + bytes.readUInt16BE(at + 2) > optionsEnd) return NO_OPTIONS;
  }
  const options = readOptions(bytes, optionsStart, optionsEnd);
  return options.filter(({ code }) => code === OPTION.CLIENT_SUBNET || code === OPTION.EXTENDED_ERROR);
}
