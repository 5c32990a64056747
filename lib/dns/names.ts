/**
 * Domain names as text, in the form that `Query.name` has: presentation form (RFC 1035 s.5.1) without the last dot, `.` for
 * the root. A dot or backslash within a label has a backslash before it; octets outside of `!` to `~` are `\DDD`.
 *
 * `Query.key` has the same form in lower case.
 */
import { MAX_LABEL, MAX_NAME } from './numbers.js';
import { escapeOctet, isEscaped, unescape } from './escapes.js';

const LABELS = /(?:\\.|[^\\.])+/gs;
const DOT = 0x2e;
const BACKSLASH = 0x5c;
const FIRST_VISIBLE = 0x21;
const LAST_VISIBLE = 0x7e;
const PRINTABLE = /^[!-~]+$/;
/** Valid escapes, and other characters. */
const CHARACTERS = /^(?:\\(?:[01]\d\d|2[0-4]\d|25[0-5]|\D)|[^\\])+$/u;

/**
 * The name that `text` stands for in a zone file. A text without a dot at its end is relative to `origin` (RFC 1035
 * s.5.1). Upper and lower case stay. Throws `Error` for an invalid name.
 */
export function absoluteName(text: string, origin: string): string {
  if (text === '.') return text;
  if (isPlain(text)) {
    const plain = text.endsWith('.') ? text.slice(0, -1) : origin === '.' ? text : `${text}.${origin}`;
    return checkLength(plain);
  }
  const labels: string[] = text.match(LABELS) ?? [];
  const body = labels.join('.');
  const absolute = text === `${body}.`;
  if (!absolute && text !== body) throw new Error(`the name ${text} has an empty label or ends with a backslash`);
  const name = labels.map(canonicalLabel).join('.') + (absolute || origin === '.' ? '' : `.${origin}`);
  return checkLength(name);
}

function checkLength(name: string): string {
  // A text is at least as long as the name on the wire without the first length and the root.
  if (name.length + 2 > MAX_NAME && wireLength(name) > MAX_NAME) {
    throw new Error(`the name ${name} has more than ${MAX_NAME} octets`);
  }
  return name;
}

/**
 * A name from a Corefile or a file in the form of `Query.key`. Characters outside of ASCII stand for their UTF-8.
 *
 * Undefined for an invalid name: an empty text, an empty label, a label of more than 63 octets, a name of more than 255
 * (RFC 1035 s.2.3.4), or an invalid escape.
 */
export function normalizeName(text: string): string | undefined {
  if (!CHARACTERS.test(text)) return undefined;
  try {
    return absoluteName(Buffer.from(text).toString('latin1'), '.').toLowerCase();
  } catch {
    return undefined; // a label or the name is too long, or a label is empty
  }
}

/** The labels of a name, from the left; none for the root. */
export function labelsOf(name: string): string[] {
  return name === '.' ? [] : (name.match(LABELS) ?? []);
}

/** The name with a dot at its end, as CoreDNS writes zones: `example.org.` for `example.org`. */
export function withLastDot(name: string): string {
  return name === '.' ? name : `${name}.`;
}

/** The text of a name without the dot at its end, unless this dot is escaped. */
export function withoutLastDot(text: string): string {
  return text.endsWith('.') && !isEscaped(text, text.length - 1) ? text.slice(0, -1) : text;
}

/** Whether a name is `zone` or below it; both in lower case. */
export function isIn(name: string, zone: string): boolean {
  if (zone === '.') return true;
  if (!name.endsWith(zone)) return false;
  const before = name.length - zone.length;
  return before === 0 || (name[before - 1] === '.' && !isEscaped(name, before - 1));
}

/** Whether a name is one of `zones` or below one of them; all in lower case. */
export function isInZones(name: string, zones: readonly string[]): boolean {
  for (const zone of zones) if (isIn(name, zone)) return true;
  return false;
}

/** The name without its first label; undefined for the root. */
export function parentOf(name: string): string | undefined {
  if (name === '.') return undefined;
  let dot = name.indexOf('.');
  while (dot > 0 && isEscaped(name, dot)) dot = name.indexOf('.', dot + 1);
  return dot < 0 ? '.' : name.slice(dot + 1);
}

/**
 * `name` with its end `suffix` replaced by `replacement`, as DNAME does (RFC 6672 s.2.2); undefined if the result is too
 * long for a name. `suffix` is an ancestor of `name`.
 */
export function withSuffix(name: string, suffix: string, replacement: string): string | undefined {
  const labels = suffix === '.' ? name : name.slice(0, -suffix.length - 1);
  const result = replacement === '.' ? labels : `${labels}.${replacement}`;
  return wireLength(result) > MAX_NAME ? undefined : result;
}

/** The number of octets of a name on the wire, uncompressed. */
export function wireLength(name: string): number {
  if (name === '.') return 1;
  const octets = name.includes('\\') ? name.replace(/\\(?:\d{3}|.)/gs, 'x').length : name.length;
  return octets + 2;
}

/** Whether a text is labels of 1 to 63 printable characters without escapes, with or without a dot at the end. */
function isPlain(text: string): boolean {
  let start = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === DOT) {
      if (i === start) return false;
      start = i + 1;
    } else if (code < FIRST_VISIBLE || code > LAST_VISIBLE || code === BACKSLASH || i - start === MAX_LABEL)
      return false;
  }
  return text !== '';
}

function canonicalLabel(label: string): string {
  const plain = !label.includes('\\');
  const octets = plain ? label : unescape(label);
  if (octets.length > MAX_LABEL) throw new Error(`the label ${label} has more than ${MAX_LABEL} octets`);
  if (plain && PRINTABLE.test(label)) return label;
  return octets.replace(/[^!-~]|[.\\]/g, (octet) => escapeOctet(octet.charCodeAt(0)));
}
