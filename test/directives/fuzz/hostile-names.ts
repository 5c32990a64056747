/** Names of any octets, and what replies to them hold. */

/** The longest name on the wire (RFC 1035 s.2.3.4). */
const MAX_NAME = 255;
const MAX_LABEL = 63;

/** What means something to a zone file, a template, a format, an expression or a Corefile. */
const SYNTAX = [
  '$include(/etc/passwd);',
  '$INCLUDE /dev/zero',
  '$generate 1-65535 a$ A 192.0.2.1\n',
  '$origin x.\n',
  '$TTL 1\n',
  '"',
  '"x" "y',
  '(',
  ')',
  ';',
  '@',
  '\\',
  '\\#',
  '\\046',
  '\\0',
  '.',
  ' ',
  '\t',
  '\n',
  '\r\n',
  '\0',
  ' 1 IN TXT x\n',
  '60',
  'IN',
  'CH',
  'TXT',
  'A',
  'TYPE1',
  '{1}',
  '{{ .Name }}',
  '{$HOME}',
  '%s',
  '#',
  '\u00ff',
  '\ue000',
];

/** A name in wire form, from numbers below 1 that `random` gives. */
export function hostileName(random: () => number): Buffer {
  const below = (limit: number): number => Math.floor(random() * limit);
  const labels: Buffer[] = [];
  let left = 1 + below(random() < 0.1 ? MAX_NAME - 2 : 60);
  while (left > 1) {
    const label = hostileLabel(below, Math.min(left - 1, MAX_LABEL));
    labels.push(Buffer.of(label.length), label);
    left -= label.length + 1;
  }
  return Buffer.concat([...labels, Buffer.of(0)]);
}

function hostileLabel(below: (limit: number) => number, most: number): Buffer {
  const parts: Buffer[] = [];
  for (let count = 1 + below(3); count > 0; count--) {
    const kind = below(3);
    if (kind === 0) parts.push(Buffer.from(SYNTAX[below(SYNTAX.length)]));
    else if (kind === 1) parts.push(Buffer.from(Array.from({ length: 1 + below(8) }, () => below(256))));
    else parts.push(Buffer.from('abcxyz019-'.slice(below(9))));
  }
  return Buffer.concat(parts).subarray(0, most);
}

/** A query for the name. */
export function queryFor(name: Buffer, type: number): Buffer {
  return Buffer.concat([Buffer.from('123401000001000000000000', 'hex'), name, Buffer.of(type >> 8, type & 255, 0, 1)]);
}

/** A record of a message. Its name is in wire form, uncompressed and in lower case. */
export interface ReadRecord {
  name: Buffer;
  type: number;
  class: number;
  ttl: number;
  /** Names in it are in wire form, for types that {@link readMessage} is told of. */
  rdata: Buffer;
}

/** The response code and all records of a message. Throws `RangeError` for a message that ends too early. */
export function readMessage(message: Buffer): { rcode: number; records: ReadRecord[] } {
  let at = 12;
  const questions = message.readUInt16BE(4);
  const count = message.readUInt16BE(6) + message.readUInt16BE(8) + message.readUInt16BE(10);
  for (let i = 0; i < questions; i++) at = readName(message, at).end + 4;
  const records = Array.from({ length: count }, () => {
    const { name, end } = readName(message, at);
    const length = message.readUInt16BE(end + 8);
    at = end + 10 + length;
    const type = message.readUInt16BE(end);
    const rdata = message.subarray(end + 10, at);
    return {
      name,
      type,
      class: message.readUInt16BE(end + 2),
      ttl: message.readUInt32BE(end + 4),
      rdata: type === 5 ? readName(message, end + 10).name : rdata,
    };
  });
  if (at !== message.length) throw new RangeError(`the message has ${message.length} octets and ends at ${at}`);
  return { rcode: message[3] & 15, records };
}

/** A name in lower case. */
export function lower(name: Buffer): Buffer {
  return Buffer.from(name.map((octet) => (octet >= 0x41 && octet <= 0x5a ? octet + 0x20 : octet)));
}

function readName(message: Buffer, start: number): { name: Buffer; end: number } {
  const labels: Buffer[] = [];
  let at = start;
  let end: number | undefined;
  for (;;) {
    const length = message[at];
    if (length >= 0xc0) {
      end ??= at + 2;
      at = message.readUInt16BE(at) & 0x3fff;
      continue;
    }
    labels.push(message.subarray(at, at + 1 + length));
    at += 1 + length;
    if (length === 0) return { name: lower(Buffer.concat(labels)), end: end ?? at };
  }
}
