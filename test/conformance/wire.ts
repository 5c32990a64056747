/** DNS messages for the conformance suite: queries from a few words, replies read to their last octet, by plain code. */
import assert from 'node:assert/strict';

/** An option of an OPT record: its code, its data in hexadecimal. */
export type OptionText = `${number}:${string}`;

/** A query in words. */
export interface Asked {
  /** Presentation form, without the last dot; default `www.example.org`. */
  name?: string;
  /** Default 1, A. */
  type?: number | keyof typeof TYPES;
  /** Default 1, IN. */
  class?: number;
  /** Default 0x1234. */
  id?: number;
  /** All 16 bits of the header's flags; default RD alone. */
  flags?: number;
  /** Its OPT record; default: none. */
  opt?: { size?: number; version?: number; flags?: number; options?: readonly OptionText[] };
}

/** What a reply says; all of it. */
export interface Told {
  id: number;
  /** Those that are set, in the order of the header: `qr aa tc rd ra z ad cd`. */
  flags: string;
  opcode: number;
  /** By its number, with the upper bits from OPT. */
  rcode: number;
  /** `NAME CLASS TYPE`, in the spelling of the message. */
  question: string;
  /** `NAME TTL CLASS TYPE RDATA`; types without words here by number, their RDATA in hexadecimal. */
  answer: string[];
  authority: string[];
  additional: string[];
  /** `SIZE VERSION FLAGS OPTIONS`, or undefined without OPT. */
  opt: string | undefined;
}

/** The types that stand in rules by name. */
export const TYPES = {
  A: 1,
  NS: 2,
  CNAME: 5,
  SOA: 6,
  PTR: 12,
  HINFO: 13,
  MX: 15,
  TXT: 16,
  RP: 17,
  AAAA: 28,
  SRV: 33,
  NAPTR: 35,
  DNAME: 39,
  OPT: 41,
  DS: 43,
  RRSIG: 46,
  HTTPS: 65,
  TKEY: 249,
  TSIG: 250,
  IXFR: 251,
  AXFR: 252,
  ANY: 255,
  CAA: 257,
} as const;

const TYPE_NAMES = new Map<number, string>(Object.entries(TYPES).map(([name, number]) => [number, name]));
const CLASS_NAMES = new Map([
  [1, 'IN'],
  [3, 'CH'],
  [4, 'HS'],
  [255, 'ANY'],
]);
const FLAGS = [
  ['qr', 0x8000],
  ['aa', 0x0400],
  ['tc', 0x0200],
  ['rd', 0x0100],
  ['ra', 0x0080],
  ['z', 0x0040],
  ['ad', 0x0020],
  ['cd', 0x0010],
] as const;

/** A number as so many octets, in hexadecimal. */
export function hex(value: number, octets = 2): string {
  return value.toString(16).padStart(2 * octets, '0');
}

/** A name as it goes on the wire, in hexadecimal. */
export function nameHex(name: string): string {
  if (name === '.') return '00';
  const labels = (name.match(/(?:\\\d{3}|\\.|[^\\.])+/g) ?? []).map((label) => {
    const octets = label.replace(/\\(\d{3}|.)/g, (_, of: string) =>
      of.length === 3 ? String.fromCharCode(Number(of)) : of,
    );
    return hex(octets.length, 1) + Buffer.from(octets, 'latin1').toString('hex');
  });
  return `${labels.join('')}00`;
}

/** A header in hexadecimal. */
export function header(id: number, flags: number, ...counts: readonly number[]): string {
  return [id, flags, ...counts, 0, 0, 0, 0]
    .slice(0, 6)
    .map((value) => hex(value))
    .join('');
}

/** A question in hexadecimal. */
export function question(name: string, type = 1, qclass = 1): string {
  return nameHex(name) + hex(type) + hex(qclass);
}

/** An OPT record in hexadecimal. */
export function optHex({ size = 1232, version = 0, flags = 0, options = [] }: NonNullable<Asked['opt']> = {}): string {
  const data = options.map((option) => {
    const [code, octets] = option.split(':');
    return hex(Number(code)) + hex(octets.length / 2) + octets;
  });
  return `00${hex(41)}${hex(size)}00${hex(version, 1)}${hex(flags)}${hex(data.join('').length / 2)}${data.join('')}`;
}

/** The number of a type. */
export function typeOf(type: Asked['type'] = 'A'): number {
  return typeof type === 'number' ? type : TYPES[type];
}

/** A query as it goes on the wire. */
export function queryOf(asked: Asked = {}): Buffer {
  const { name = 'www.example.org', id = 0x1234, flags = 0x0100, opt } = asked;
  const counts = [1, 0, 0, opt === undefined ? 0 : 1];
  const text = header(id, flags, ...counts) + question(name, typeOf(asked.type), asked.class);
  return Buffer.from(text + (opt === undefined ? '' : optHex(opt)), 'hex');
}

/** Reads a reply with a question. Fails when octets are missing or too many, or OPT does not stand where it has to. */
export function readReply(message: Buffer): Told {
  const bits = message.readUInt16BE(2);
  assert.equal(message.readUInt16BE(4), 1, 'one question');
  const reader = new Reader(message);
  const question = `${reader.name()} ${classText(reader.u16(2))} ${typeText(reader.u16())}`;
  reader.at += 4;
  let opt: string | undefined;
  let extended = 0;
  const [answer, authority, additional] = [6, 8, 10].map((count, section) => {
    const records: string[] = [];
    for (let left = message.readUInt16BE(count); left > 0; left--) {
      const name = reader.name();
      const [type, recordClass, ttl, length] = [reader.u16(), reader.u16(2), reader.u32(4), reader.u16(8)];
      reader.at += 10;
      const end = reader.at + length;
      if (type === TYPES.OPT) {
        assert.ok(name === '.' && section === 2 && opt === undefined, 'one OPT, of the root, in the last section');
        extended = ttl >>> 24;
        opt = [recordClass, (ttl >>> 16) & 0xff, ttl & 0xffff, ...reader.options(end)].join(' ');
      } else {
        records.push(`${name} ${ttl} ${classText(recordClass)} ${typeText(type)} ${reader.rdata(type, end)}`.trim());
      }
      assert.equal(reader.at, end, 'RDATA ends where RDLENGTH says');
    }
    return records;
  });
  assert.equal(reader.at, message.length, 'nothing behind the last record');
  const flags = FLAGS.filter(([, bit]) => (bits & bit) !== 0).map(([name]) => name);
  return {
    id: message.readUInt16BE(0),
    flags: flags.join(' '),
    opcode: (bits >> 11) & 15,
    rcode: (extended << 4) | (bits & 15),
    question,
    answer,
    authority,
    additional,
    opt,
  };
}

function typeText(type: number): string {
  return TYPE_NAMES.get(type) ?? `TYPE${type}`;
}

function classText(value: number): string {
  return CLASS_NAMES.get(value) ?? `CLASS${value}`;
}

class Reader {
  at = 12;

  constructor(readonly message: Buffer) {}

  /** The number at so many octets from here. */
  u16(offset = 0): number {
    return this.message.readUInt16BE(this.at + offset);
  }

  u32(offset: number): number {
    return this.message.readUInt32BE(this.at + offset);
  }

  name(): string {
    const labels: string[] = [];
    let end: number | undefined;
    let at = this.at;
    // Each pointer leads to where no part of the name has been read yet, so that the name ends.
    let lowest = at;
    for (;;) {
      assert.ok(at < this.message.length, 'names end within the message');
      const length = this.message[at];
      if (length >= 0xc0) {
        end ??= at + 2;
        const target = this.message.readUInt16BE(at) & 0x3fff;
        assert.ok(target < lowest, 'pointers lead back');
        at = lowest = target;
      } else if (length === 0) {
        this.at = end ?? at + 1;
        return labels.length === 0 ? '.' : labels.join('.');
      } else {
        const label = this.message.toString('latin1', at + 1, at + 1 + length);
        labels.push(
          label.replace(/[^!-~]|[.\\]/g, (octet) =>
            /[.\\]/.test(octet) ? `\\${octet}` : `\\${String(octet.charCodeAt(0)).padStart(3, '0')}`,
          ),
        );
        at += 1 + length;
      }
    }
  }

  options(end: number): string[] {
    const options: string[] = [];
    while (this.at < end) {
      const length = this.u16(2);
      options.push(`${this.u16()}:${this.message.toString('hex', this.at + 4, this.at + 4 + length)}`);
      this.at += 4 + length;
    }
    return options;
  }

  rdata(type: number, end: number): string {
    switch (type) {
      case TYPES.A:
        return this.#octets(end).join('.');
      case TYPES.AAAA:
        return this.#numbers(8)
          .map((group) => group.toString(16))
          .join(':');
      case TYPES.NS:
      case TYPES.CNAME:
      case TYPES.PTR:
      case TYPES.DNAME:
        return this.name();
      case TYPES.MX:
        return `${this.#numbers(1).join(' ')} ${this.name()}`;
      case TYPES.SRV:
        return `${this.#numbers(3).join(' ')} ${this.name()}`;
      case TYPES.SOA: {
        const names = [this.name(), this.name()];
        const numbers = Array.from({ length: 5 }, (_, i) => this.u32(4 * i));
        this.at += 20;
        return [...names, ...numbers].join(' ');
      }
      case TYPES.TXT:
      case TYPES.HINFO:
        return this.#strings(end).join(' ');
      default:
        return Buffer.from(this.#octets(end)).toString('hex');
    }
  }

  #octets(end: number): number[] {
    const octets = [...this.message.subarray(this.at, end)];
    this.at = end;
    return octets;
  }

  #numbers(count: number): number[] {
    const numbers = Array.from({ length: count }, (_, i) => this.u16(2 * i));
    this.at += 2 * count;
    return numbers;
  }

  #strings(end: number): string[] {
    const strings: string[] = [];
    while (this.at < end) {
      const length = this.message[this.at];
      strings.push(JSON.stringify(this.message.toString('latin1', this.at + 1, this.at + 1 + length)));
      this.at += 1 + length;
    }
    return strings;
  }
}
