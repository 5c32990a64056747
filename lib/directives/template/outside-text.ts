/**
 * Text from outside in the output of a template.
 *
 * A template writes a record in the syntax of zone files. What it fills in comes from a client and is data, never syntax.
 * So each octet from outside stands as one character of a private-use area of Unicode, U+E000 to U+E0FF, until the output
 * has been split into the fields of the record. A reader of the syntax sees no quote, blank or parenthesis in it.
 */
import { decimalEscape } from '../../dns/escapes.js';

const FIRST = 0xe000;
const OUTSIDE = /[\ue000-\ue0ff]/;
const RUN = /[\ue000-\ue0ff]+/g;
/** Characters that stand for themselves in a field of a zone file. Others are part of an escape or have a meaning. */
const PLAIN = /[!#%&'*-:<-?A-Z[\]^-~]/;
const CHARACTER = /\\([01]\d\d|2[0-4]\d|25[0-5])|\\(\D)|([^])/g;

/** Marks `text` as being from outside: a character for each octet of its UTF-8. */
export function fromOutside(text: string): string {
  return shifted(Buffer.from(text).toString('latin1'), FIRST);
}

/** Whether some of `text` is from outside. */
export function hasOutside(text: string): boolean {
  return OUTSIDE.test(text);
}

/** `text` without the marks: what a comparison or a count is of. */
export function unmarked(text: string): string {
  return text.replace(RUN, (run) => Buffer.from(shifted(run, -FIRST), 'latin1').toString());
}

/**
 * `text` with what is from outside escaped as a part of one field (RFC 1035 s.5.1). Escapes in it keep their meaning, so
 * that a name in presentation form stays that name. A backslash that starts no escape stands for itself.
 */
export function asField(text: string): string {
  return text.replace(RUN, (run) =>
    shifted(run, -FIRST).replace(CHARACTER, (_, decimal?: string, escaped?: string, plain?: string) => {
      if (decimal !== undefined) return `\\${decimal}`;
      if (plain !== undefined && PLAIN.test(plain)) return plain;
      return decimalEscape((escaped ?? plain ?? '').charCodeAt(0));
    }),
  );
}

function shifted(text: string, by: number): string {
  let result = '';
  for (let i = 0; i < text.length; i++) result += String.fromCharCode(text.charCodeAt(i) + by);
  return result;
}
