/** Answers with the message of another server. */
import { readOptions, type EdnsOption } from '../dns/edns.js';
import type { Reply } from './reply.js';
import type { EncodedSections } from '../dns/encoded-message.js';

const CLIENT_SUBNET = 8;
const EXTENDED_ERROR = 15;
const NO_OPTIONS: readonly EdnsOption[] = [];

/**
 * Answers with the records of a message that are known to fit behind the query's question, and with those options of its
 * OPT that are for the client. The bytes must stay as they are. Throws `RangeError` for an unknown response code.
 */
export function takeOver(reply: Reply, sections: EncodedSections): void {
  reply.takeOver(sections);
  const options = returnedOptions(sections);
  if (options.length > 0) reply.addOptions(options);
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
  return options.filter(({ code }) => code === CLIENT_SUBNET || code === EXTENDED_ERROR);
}
