/** The number of the only field of `message DnsPacket { bytes msg = 1; }`. */
const MSG = 1;
/** Wire types of Protocol Buffers. */
const VARINT = 0;
const FIXED64 = 1;
const LENGTH_DELIMITED = 2;
const FIXED32 = 5;

/** The octets of a `DnsPacket` with this message. */
export function encodePacket(message: Uint8Array): Buffer {
  if (message.length === 0) return Buffer.alloc(0); // a field with its default value is left out
  const head = [(MSG << 3) | LENGTH_DELIMITED];
  let length = message.length;
  for (; length > 0x7f; length >>>= 7) head.push((length & 0x7f) | 0x80);
  head.push(length);
  return Buffer.concat([Buffer.from(head), message]);
}

/**
 * The message of a `DnsPacket`: the last one if there are several, an empty one if there is none. Throws `Error` for an
 * invalid packet.
 */
export function decodePacket(packet: Buffer): Buffer {
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      if (at >= packet.length) throw new Error('the packet ends within a number');
      const octet = packet[at++];
      value += (octet & 0x7f) * 2 ** shift;
      if (octet < 0x80) return value;
    }
    throw new Error('a number is too long');
  };
  let message: Buffer = Buffer.alloc(0);
  while (at < packet.length) {
    const tag = varint();
    let start = at;
    switch (tag & 7) {
      case VARINT:
        while (at < packet.length && packet[at] >= 0x80) at++;
        at++;
        break;
      case FIXED64:
        at += 8;
        break;
      case FIXED32:
        at += 4;
        break;
      case LENGTH_DELIMITED: {
        const length = varint();
        start = at;
        at += length;
        break;
      }
      default:
        throw new Error('a field has an unknown type');
    }
    if (at > packet.length) throw new Error('the packet ends within a field');
    if (tag >>> 3 === MSG && (tag & 7) === LENGTH_DELIMITED) message = packet.subarray(start, at);
  }
  return message;
}
