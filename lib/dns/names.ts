/**
 * Domain names as text, in the form that queries have: presentation form (RFC 1035 s.5.1) without the last dot, `.` for
 * the root. A dot or backslash inside a label has a backslash before it; octets outside of `!` to `~` are `\DDD`.
 */
import { MAX_LABEL, MAX_NAME } from './numbers.js';
import { isEscaped, unescape } from './escapes.js';

const LABELS = /(?:\\.|[^\\.])+/gs;
const PRINTABLE = /^[!-~]+$/;

/**
 * The name that `text` in a zone file means; one without a dot at its end is relative to `origin` (RFC 1035 s.5.1). Keeps
 * the spelling. Throws `Error` for a name that is none.
 */
export function absoluteName(text: string, origin: string): string {
  if (text === '.') return text;
  const labels: string[] = text.match(LABELS) ?? [];
  const body = labels.join('.');
  const absolute = text === `${body}.`;
  if (!absolute && text !== body) throw new Error(`the name ${text} has an empty label or ends with a backslash`);
  const name = labels.map(canonicalLabel).join('.') + (absolute || origin === '.' ? '' : `.${origin}`);
  if (wireLength(name) > MAX_NAME) throw new Error(`the name ${name} has more than ${MAX_NAME} octets`);
  return name;
}

/** The name without its first label; undefined for the root. */
export function parentOf(name: string): string | undefined {
  if (name === '.') return undefined;
  let dot = name.indexOf('.');
  while (dot > 0 && isEscaped(name, dot)) dot = name.indexOf('.', dot + 1);
  return dot < 0 ? '.' : name.slice(dot + 1);
}

/** How many octets a name has on the wire, uncompressed. */
export function wireLength(name: string): number {
  if (name === '.') return 1;
  const octets = name.includes('\\') ? name.replace(/\\(?:\d{3}|.)/g, 'x').length : name.length;
  return octets + 2;
}

/** A name as it goes on the wire, uncompressed (RFC 1035 s.3.1). */
export function wireName(name: string): Buffer {
  const labels = name === '.' ? [] : (name.match(LABELS) ?? []).map(unescape);
  return Buffer.from([...labels.map((label) => String.fromCharCode(label.length) + label), '\0'].join(''), 'latin1');
}

/**
 * `name` with its end `suffix` replaced by `replacement`, as DNAME does (RFC 6672 s.2.2); undefined when the result is
 * too long for a name. `suffix` is an ancestor of `name`.
 */
export function withSuffix(name: string, suffix: string, replacement: string): string | undefined {
  const labels = suffix === '.' ? name : name.slice(0, -suffix.length - 1);
  const result = replacement === '.' ? labels : `${labels}.${replacement}`;
  return wireLength(result) > MAX_NAME ? undefined : result;
}

function canonicalLabel(label: string): string {
  const plain = !label.includes('\\');
  const octets = plain ? label : unescape(label);
  if (octets.length > MAX_LABEL) throw new Error(`the label ${label} has more than ${MAX_LABEL} octets`);
  if (plain && PRINTABLE.test(label)) return label;
  return octets
    .replace(/[.\\]/g, '\\$&')
    .replace(/[^!-~]/g, (octet) => `\\${String(octet.charCodeAt(0)).padStart(3, '0')}`);
}
