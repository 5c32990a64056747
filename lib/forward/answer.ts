import { readOptions, type EdnsOption } from '../dns/edns.js';
import type { EncodedSections } from '../dns/encoded-message.js';
import type { ResourceRecord } from '../dns/record.js';
import type { Rcode } from '../dns/registry.js';
import type { Query } from '../message/query.js';
import { Reply } from '../message/reply.js';

/** The answer of an upstream, decoded. */
export interface Answer {
  /** RCODE, with its extension (RFC 6891 s.6.1.3). */
  rcode: Rcode;
  /** The flags of the header, as 16 bits (RFC 1035 s.4.1.1, RFC 4035 s.3.2). */
  flags: number;
  /** AA: the upstream is an authority for the name. */
  authoritative: boolean;
  /** RA: the upstream asks others on behalf of clients. */
  recursionAvailable: boolean;
  /** AD: the upstream has verified all data by DNSSEC (RFC 4035 s.3.2.3). Trust it as far as the way to the upstream. */
  authenticData: boolean;
  answers: readonly ResourceRecord[];
  authorities: readonly ResourceRecord[];
  /** Without OPT. */
  additionals: readonly ResourceRecord[];
  /** The options of the OPT record, such as extended errors (code 15, RFC 8914). */
  options: readonly EdnsOption[];
}

/** Decodes the answer to a query. */
export function answerOf(query: Query, sections: EncodedSections): Answer {
  const reply = new Reply(query).takeOver(sections);
  const { rcode, authoritative, recursionAvailable, authenticData, answers, authorities, additionals } = reply;
  const { bytes, optionsStart, optionsEnd, flags } = sections;
  const options = readOptions(bytes, optionsStart, optionsEnd);
  return {
    ...{ rcode, flags, authoritative, recursionAvailable, authenticData },
    ...{ answers, authorities, additionals, options },
  };
}
