import { presentationLabel, WireReader } from '../dns/reader.js';

/** A name as its labels, the root as none. */
export type Labels = readonly Buffer[];

/** The character sets in which libraries read and write names; `ascii` reads seven bits. */
export type Charset = 'utf8' | 'latin1' | 'ascii';

const DOT = 0x2e;

/**
 * The name of a question as the code of another library sees it.
 *
 * Such a library shows a name as text without escapes: a dot within a label, or an octet outside its character set,
 * does not come back as it was sent. This class shows `?` in place of those octets. If a reply contains the shown name,
 * alone or at the end of a longer name, the class restores the client's name.
 */
export class QuestionName {
  /** The name that the other library's code sees, without a last dot; the root is `''`. */
  readonly shown: string;
  /** Whether {@link shown} is the name itself. */
  readonly exact: boolean;
  readonly #labels: Labels;
  readonly #shownLabels: Labels;

  /** `question`: the question section of a query. */
  constructor(question: Buffer, charset: Charset) {
    this.#labels = readName(question, 0).labels;
    const plain = this.#labels.map((label) => isPlain(label, charset));
    this.exact = plain.every(Boolean);
    this.#shownLabels = this.exact ? this.#labels : this.#labels.map(withoutOddOctets);
    this.shown = this.#shownLabels.map((label) => label.toString(charset)).join('.');
  }

  /** The labels of a name in a reply, with the question's name restored to the client's form. */
  restore(labels: Labels): Labels {
    const before = labels.length - this.#shownLabels.length;
    if (this.exact || before < 0) return labels;
    const isQuestion = this.#shownLabels.every((label, i) => sameLabel(label, labels[before + i]));
    return isQuestion ? [...labels.slice(0, before), ...this.#labels] : labels;
  }
}

/** Reads the name at `at` of a message. Throws `Error` for a malformed name. */
export function readName(message: Buffer, at: number): { labels: Buffer[]; end: number } {
  const reader = new WireReader(message, at);
  return { labels: reader.labels(), end: reader.at };
}

/** A name in presentation form (RFC 1035 s.5.1) without its last dot; the root is `.`. */
export function presentation(labels: Labels): string {
  return labels.map(presentationLabel).join('.') || '.';
}

/** A name in wire format, uncompressed. */
export function wire(labels: Labels): Buffer {
  return Buffer.concat([...labels.flatMap((label) => [Buffer.of(label.length), label]), Buffer.of(0)]);
}

/** Whether a label stays the same if it is read and written in `charset` by code that splits names at dots. */
function isPlain(label: Buffer, charset: Charset): boolean {
  // dns-packet strips the dots at the ends of a name, and by mistake at line ends within it.
  if (label.includes(DOT) || label.includes('\n') || label.includes('\r')) return false;
  return Buffer.from(label.toString(charset), charset).equals(label);
}

function withoutOddOctets(label: Buffer): Buffer {
  return Buffer.from(label.toString('latin1').replace(/[^!-~]|[.\\]/g, '?'), 'latin1');
}

/** Whether two labels are equal except for upper and lower case (RFC 4343 s.3). */
function sameLabel(one: Buffer, other: Buffer): boolean {
  return one.toString('latin1').toLowerCase() === other.toString('latin1').toLowerCase();
}
