/** Messages read in a form that compares: names without compression and in lower case. */

/** A record: `name ttl class type rdata`, the RDATA in hexadecimal, its names written out in lower case. */
export type RecordText = string;

/** A response. */
export interface ReadMessage {
  rcode: number;
  authoritative: boolean;
  truncated: boolean;
  /** Each sorted; the last without OPT. */
  sections: [answer: RecordText[], authority: RecordText[], additional: RecordText[]];
}

/** By type: octets before the names of the RDATA, and how many names. */
const NAMES: Readonly<Record<number, [before: number, names: number]>> = {
  2: [0, 1],
  5: [0, 1],
  6: [0, 2],
  12: [0, 1],
  15: [2, 1],
  33: [6, 1],
  39: [0, 1],
  46: [18, 1],
  47: [0, 1],
};
const OPT = 41;

/** Reads a message with one question. */
export function readMessage(message: Buffer): ReadMessage {
  const flags = message.readUInt16BE(2);
  let at = readName(message, 12).end + 4;
  const sections = [6, 8, 10].map((count) => {
    const records: RecordText[] = [];
    for (let left = message.readUInt16BE(count); left > 0; left--) {
      const { name, end } = readName(message, at);
      const type = message.readUInt16BE(end);
      const start = end + 10;
      at = start + message.readUInt16BE(end + 8);
      if (type === OPT) continue;
      const fields = [name, message.readUInt32BE(end + 4), message.readUInt16BE(end + 2), type];
      records.push(`${fields.join(' ')} ${readRdata(message, type, start, at)}`);
    }
    return records.sort();
  });
  return {
    rcode: flags & 15,
    authoritative: (flags & 0x0400) !== 0,
    truncated: (flags & 0x0200) !== 0,
    sections: sections as ReadMessage['sections'],
  };
}

function readRdata(message: Buffer, type: number, start: number, end: number): string {
  const [before, names] = NAMES[type] ?? [0, 0];
  let at = start + before;
  let text = message.toString('hex', start, at);
  for (let i = 0; i < names; i++) {
    const read = readName(message, at);
    text += ` ${read.name} `;
    at = read.end;
  }
  return text + message.toString('hex', at, end);
}

/** The name at `at`, in lower case, with a dot at its end; `end` is behind it. */
function readName(message: Buffer, at: number): { name: string; end: number } {
  let name = '';
  let end: number | undefined;
  for (;;) {
    const length = message[at];
    if (length >= 0xc0) {
      end ??= at + 2;
      at = message.readUInt16BE(at) & 0x3fff;
      continue;
    }
    if (length === 0) return { name: name || '.', end: end ?? at + 1 };
    const label = message.toString('latin1', at + 1, at + 1 + length);
    const escaped = label.replace(/[.\\]/g, '\\$&');
    name += `${escaped.replace(/[^!-~]/g, (octet) => `\\x${octet.charCodeAt(0).toString(16)}`).toLowerCase()}.`;
    at += length + 1;
  }
}
