/** Reads a template's output as a record. */
import type { ResourceRecord } from '../../dns/record.js';
import { classNumber, typeNumber } from '../../dns/registry.js';
import { parseTtl } from '../../dns/text/reader.js';
import { parseRecord, splitRecord } from '../../dns/text/record.js';
import type { Token } from '../../dns/text/tokens.js';
import { asField, hasOutside } from './outside-text.js';

/** Seconds, for records without a TTL. */
const DEFAULT_TTL = 3600;
/** Owner, TTL and class stand before the type. */
const MOST_BEFORE_TYPE = 3;

/**
 * Reads `OWNER [TTL] [CLASS] TYPE RDATA` (RFC 1035 s.5.1). Names are absolute.
 *
 * Text from outside never separates fields. It is the owner, the TTL or RDATA, and the type where the template's own text
 * has none. Throws `Error` with what is wrong.
 */
export function readRecord(output: string): ResourceRecord {
  // Tokens have a character an octet. The template's own characters outside of ASCII are their UTF-8.
  const tokens = splitRecord(
    output.replace(/[^\0-\u007f\ue000-\ue0ff]+/g, (own) => Buffer.from(own).toString('latin1')),
  );
  checkBeforeType(tokens);
  const fields = tokens.map((token) => ({ ...token, text: asField(token.text) }));
  const { ttl = DEFAULT_TTL, ...record } = parseRecord(fields, '.');
  return { ...record, ttl } as ResourceRecord;
}

function checkBeforeType(tokens: readonly Token[]): void {
  const start = tokens.slice(1, MOST_BEFORE_TYPE + 1);
  const type = start.findIndex(({ text }) => !hasOutside(text) && typeNumber(text.toUpperCase()) !== undefined);
  for (const { text } of type < 0 ? start : start.slice(0, type)) {
    const field = asField(text);
    const mayStand = type < 0 ? classNumber(field.toUpperCase()) === undefined : parseTtl(field) !== undefined;
    if (hasOutside(text) && !mayStand) throw new Error(`${field} stands in place of the TTL, and is an invalid TTL`);
  }
}
