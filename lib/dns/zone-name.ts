/** Names of zones in the form that a query's `key` has. */
import { MAX_LABEL, MAX_NAME } from './numbers.js';
import { escapeOctet, isEscaped } from './escapes.js';

/**
 * A name in lower case, without the last dot, the root as `.`; octets that are not printable as `\DDD`, dots and
 * backslashes within a label with a backslash (RFC 1035 s.5.1, RFC 4343 s.2.1). Characters outside of ASCII stand for
 * their UTF-8.
 *
 * Undefined when it is no domain name: nothing, an empty label, one of more than 63 octets, more than 255 in all (RFC 1035
 * s.2.3.4), a backslash before nothing or before a number above 255.
 */
export function normalizeName(text: string): string | undefined {
  if (text === '.') return text;
  const labels = readLabels(text);
  if (labels === undefined || labels.length === 0) return undefined;
  const size = labels.reduce((sum, label) => sum + label.length + 1, 1);
  if (size > MAX_NAME || labels.some(({ length }) => length === 0 || length > MAX_LABEL)) return undefined;
  return labels
    .map((label) => label.map(escapeOctet).join(''))
    .join('.')
    .toLowerCase();
}

/** `example.org.` for `example.org`: as CoreDNS writes zones. */
export function withLastDot(name: string): string {
  return name === '.' ? name : `${name}.`;
}

/**
 * A name of a query in the presentation form of Go's DNS library, with its last dot: what the expressions and templates
 * of a Corefile see. It escapes a blank and the characters `'@;()"` with a backslash.
 */
export function goName(name: string): string {
  if (!/['@;()"]|\\032/.test(name)) return withLastDot(name);
  const escaped = name.replaceAll(/\\032|\\.|['@;()"]/g, (part) => {
    if (part === '\\032') return '\\ ';
    return part.startsWith('\\') ? part : `\\${part}`;
  });
  return withLastDot(escaped);
}

/** Whether a name is `zone` or below it; both in the form of {@link normalizeName}. */
export function isIn(name: string, zone: string): boolean {
  if (zone === '.') return true;
  if (!name.endsWith(zone)) return false;
  const before = name.length - zone.length;
  return before === 0 || (name[before - 1] === '.' && !isEscaped(name, before - 1));
}

/** Whether a name is one of `zones` or below one. */
export function isInZones(name: string, zones: readonly string[]): boolean {
  for (const zone of zones) if (isIn(name, zone)) return true;
  return false;
}

/** The octets of each label; undefined when an escape or a character makes no sense. */
function readLabels(text: string): number[][] | undefined {
  const labels: number[][] = [[]];
  for (const [part, decimal, escaped] of text.matchAll(/\\(\d{3})|\\([^\d])|[^]/gu)) {
    const label = labels[labels.length - 1];
    if ((decimal as string | undefined) !== undefined) label.push(Number(decimal));
    else if ((escaped as string | undefined) !== undefined) label.push(...Buffer.from(escaped));
    else if (part === '.') labels.push([]);
    else if (part === '\\') return undefined;
    else label.push(...Buffer.from(part));
  }
  if (labels.at(-1)?.length === 0) labels.pop();
  return labels.flat().some((octet) => octet > 255) ? undefined : labels;
}
