import { CLASS, FLAG, HEADER_SIZE, OPCODE, OPCODE_SHIFT, TYPE } from '../../dns/numbers.js';
import { writeRecord, type ResourceRecord } from '../../dns/record.js';
import { rcodeName } from '../../dns/registry.js';
import { MessageWriter } from '../../dns/writer.js';

const MAX_SIZE = 1024;
const OPCODE_BITS = OPCODE.NOTIFY << OPCODE_SHIFT;
/** Offsets in the header. */
const [FLAGS, QUESTIONS, ANSWERS] = [2, 4, 6];

/** A NOTIFY of a zone, with its SOA record as a hint (RFC 1996 s.3.7). `id`: 0 to 65,535. */
export function notifyMessage(id: number, origin: string, soa: ResourceRecord): Buffer {
  const message = Buffer.alloc(MAX_SIZE);
  message.writeUInt16BE(id);
  message.writeUInt16BE(OPCODE_BITS | FLAG.AA, FLAGS);
  message.writeUInt16BE(1, QUESTIONS);
  message.writeUInt16BE(1, ANSWERS);
  const writer = new MessageWriter();
  writer.begin(message, 0, MAX_SIZE, origin);
  writer.at = HEADER_SIZE;
  writer.name(origin, false);
  writer.u16(TYPE.SOA);
  writer.u16(CLASS.IN);
  writeRecord(writer, soa, CLASS.IN);
  return message.subarray(0, writer.at);
}

/** The ID and the response code of the answer to a NOTIFY; undefined for another message. */
export function readNotifyAnswer(message: Buffer): { id: number; rcode: string } | undefined {
  if (message.length < HEADER_SIZE) return undefined;
  const flags = message.readUInt16BE(FLAGS);
  if ((flags & FLAG.QR) === 0 || (flags & (0xf << OPCODE_SHIFT)) !== OPCODE_BITS) return undefined;
  const code = flags & 0xf;
  return { id: message.readUInt16BE(0), rcode: rcodeName(code) ?? `RCODE${code}` };
}
