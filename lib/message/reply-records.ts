import { decodeMessage, isOpt, type DecodedRecord } from '../dns/decode.js';
import type { EncodedSections } from '../dns/encoded-message.js';
import type { ResourceRecord } from '../dns/record.js';
import type { MessageWriter } from '../dns/writer.js';
import { writeEncoded, writeSections, type WrittenSections } from './reply-sections.js';

/** A section of a reply. */
export type Section = 'answers' | 'authorities' | 'additionals';

const NO_RECORDS: readonly ResourceRecord[] = [];

/** The records of a reply: lists of records, or those of an encoded message, which are decoded when they are read or changed. */
export class ReplyRecords {
  private answers = NO_RECORDS;
  private authorities = NO_RECORDS;
  private additionals = NO_RECORDS;
  #encoded: EncodedSections | undefined;

  /** The records of a section; OPT is not among them. */
  get(section: Section): readonly ResourceRecord[] {
    this.#decode();
    return this[section];
  }

  set(section: Section, records: readonly ResourceRecord[]): void {
    this.#decode();
    this[section] = [...records];
  }

  add(section: Section, records: readonly ResourceRecord[]): void {
    this.#decode();
    const before = this[section];
    this[section] = before.length === 0 ? records : before.concat(records);
  }

  /** Replaces all records by those of a decoded message; OPT is left out. */
  replace(message: Partial<Record<Section, readonly DecodedRecord[] | undefined>>): void {
    this.#encoded = undefined;
    this.answers = withoutOpt(message.answers);
    this.authorities = withoutOpt(message.authorities);
    this.additionals = withoutOpt(message.additionals);
  }

  /** Replaces all records by those of an encoded message. Its bytes are not copied. */
  takeOver(sections: EncodedSections): void {
    this.clear();
    this.#encoded = sections;
  }

  clear(): void {
    this.replace({});
  }

  /**
   * Writes the records as far as there is room. `authoritative`: whether AA is set. Throws the errors of `writeRecord`.
   */
  write(writer: MessageWriter, classNumber: number, authoritative: boolean): WrittenSections {
    if (this.#encoded !== undefined) return writeEncoded(writer, this.#encoded);
    const { answers, authorities, additionals } = this;
    const sections = { answers, authorities, additionals };
    return writeSections(writer, sections, classNumber, authoritative);
  }

  #decode(): void {
    if (this.#encoded === undefined) return;
    const { bytes, offset } = this.#encoded;
    this.replace(decodeMessage(bytes.subarray(offset)));
  }
}

function withoutOpt(records: readonly DecodedRecord[] = []): readonly ResourceRecord[] {
  return records.length === 0 ? NO_RECORDS : records.filter((record): record is ResourceRecord => !isOpt(record));
}
