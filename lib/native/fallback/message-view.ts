/**
 * The check of a message at the edge, as `native/message/message_view.cc` does it: the same messages are queries, and the others
 * are dropped or answered in the same way.
 */
import { isClientSubnet } from '../../dns/client-subnet.js';
import { presentationLabel } from '../../dns/reader.js';
import {
  CLASS,
  DNSSEC_OK,
  FLAG,
  HEADER_SIZE,
  MAX_LABEL,
  MAX_NAME,
  MAX_POINTER,
  OPCODE,
  OPCODE_MASK,
  OPCODE_SHIFT,
  OPT_FIXED_SIZE,
  OPTION,
  OPTION_FIXED_SIZE,
  POINTER,
  QUESTION_FIXED_SIZE,
  RCODE,
  RECORD_FIXED_SIZE,
  TYPE,
} from '../../dns/numbers.js';
import { ASKED_KEEPALIVE, ASKED_NSID, ASKED_PADDING, KEEPALIVE_WITH_TIME } from './client-options.js';
import { fieldsAt, hasShape, isChange, isPrerequisite, isZone, type Fields } from './update.js';

/** What an OPT record holds of BADVERS: the upper eight bits (RFC 6891 s.6.1.3). */
const BADVERS_HIGH = RCODE.BADVERS >> 4;

/**
 * A query has at most these numbers of records: IXFR has an SOA (RFC 1995 s.3), and a query can have OPT, and TSIG or
 * SIG(0).
 */
const MAX_ANSWERS = 1;
const MAX_AUTHORITIES = 1;
const MAX_ADDITIONALS = 2;

/** The kind of a message. Kinds other than a query have the names of their counters. */
export type Verdict = 'query' | 'droppedShort' | 'droppedResponse' | 'formatErrors' | 'notImplemented' | 'badVersions';

/** A checked message, with the offsets of its parts from its start. If the message is invalid, some offsets are 0. */
export class MessageView {
  questionEnd = 0;
  hasOpt = false;
  payloadSize = 0;
  optFlags = 0;
  optionsOffset = 0;
  optionsLength = 0;
  /** The options of the query that ask for an option in the reply, as bits. */
  asked = 0;
  /** The offset of the TSIG record; 0: there is none. */
  tsig = 0;
  readonly verdict: Verdict;

  /** `opcodes`: those that the server takes; bit n stands for opcode n. */
  constructor(
    readonly message: Buffer,
    opcodes: number,
  ) {
    this.verdict = this.#examine(opcodes);
  }

  /** The reply to a message with that verdict; undefined for none. `payloadSize`: the server's payload size in OPT. */
  errorReply(verdict: Verdict, payloadSize: number): Buffer | undefined {
    const { message } = this;
    const flags = message.length < 4 ? 0 : message.readUInt16BE(2);
    const kept = FLAG.QR | (flags & OPCODE_MASK);
    if (verdict === 'formatErrors') return header(message, kept | (flags & FLAG.RD) | RCODE.FORMERR);
    if (verdict === 'notImplemented') return header(message, kept | RCODE.NOTIMP);
    if (verdict !== 'badVersions') return undefined;
    const reply = Buffer.alloc(this.questionEnd + OPT_FIXED_SIZE);
    header(message, kept | (flags & FLAG.RD)).copy(reply);
    message.copy(reply, HEADER_SIZE, HEADER_SIZE, this.questionEnd);
    reply.writeUInt16BE(1, 4);
    reply.writeUInt16BE(1, 10);
    let at = this.questionEnd + 1;
    at = reply.writeUInt16BE(TYPE.OPT, at);
    at = reply.writeUInt16BE(payloadSize, at);
    at = reply.writeUInt16BE(BADVERS_HIGH << 8, at); // and version 0, the highest that the server supports
    reply.writeUInt16BE(this.optFlags & DNSSEC_OK, at);
    return reply;
  }

  /** The question's name in presentation form (RFC 1035 s.5.1), in the client's spelling. */
  name(): string {
    const { message } = this;
    const labels: string[] = [];
    for (let at = HEADER_SIZE; message[at] !== 0; at += message[at] + 1) {
      labels.push(presentationLabel(message.subarray(at + 1, at + 1 + message[at])));
    }
    return labels.length === 0 ? '.' : labels.join('.');
  }

  #examine(opcodes: number): Verdict {
    const { message } = this;
    if (message.length < HEADER_SIZE) return 'droppedShort';
    const flags = message.readUInt16BE(2);
    if ((flags & FLAG.QR) !== 0) return 'droppedResponse';
    const opcode = (flags & OPCODE_MASK) >> OPCODE_SHIFT;
    if (((opcodes >> opcode) & 1) === 0) return 'notImplemented';
    const [questions, answers, authorities, additionals] = [4, 6, 8, 10].map((at) => message.readUInt16BE(at));
    if (questions !== 1) return 'formatErrors'; // RFC 9619, RFC 2136 s.2.3
    const many = answers > MAX_ANSWERS || authorities > MAX_AUTHORITIES || additionals > MAX_ADDITIONALS;
    if (opcode === OPCODE.QUERY && many) return 'formatErrors';
    const nameEnd = this.#skipQuestionName();
    if (nameEnd === 0 || nameEnd + QUESTION_FIXED_SIZE > message.length) return 'formatErrors';
    this.questionEnd = nameEnd + QUESTION_FIXED_SIZE;
    const zoneClass = message.readUInt16BE(nameEnd + 2);
    if (opcode === OPCODE.UPDATE && !isZone(message.readUInt16BE(nameEnd), zoneClass)) return 'formatErrors';
    return this.#examineRecords(answers + authorities, additionals, (record, i) => {
      if (opcode === OPCODE.QUERY) return true;
      if (opcode !== OPCODE.UPDATE || i >= answers + authorities) return hasShape(message, record);
      return i < answers ? isPrerequisite(message, record, zoneClass) : isChange(message, record, zoneClass);
    });
  }

  #examineRecords(before: number, additionals: number, suits: (record: Fields, i: number) => boolean): Verdict {
    const { message } = this;
    let version = 0;
    let at = this.questionEnd;
    for (let i = 0; i < before + additionals; i++) {
      const owner = at;
      at = this.#skipName(at);
      if (at === 0 || at + RECORD_FIXED_SIZE > message.length) return 'formatErrors';
      const record = fieldsAt(message, at);
      if (record.end > message.length || !suits(record, i)) return 'formatErrors';
      if (record.type === TYPE.OPT) {
        // One OPT, owned by the root, in the additional section (RFC 6891 s.6.1.1 and 6.1.2).
        if (this.hasOpt || i < before || message[owner] !== 0) return 'formatErrors';
        this.hasOpt = true;
        this.payloadSize = record.class;
        version = (record.ttl >>> 16) & 0xff;
        this.optFlags = record.ttl & 0xffff;
        this.optionsOffset = record.rdata;
        this.optionsLength = record.end - record.rdata;
      } else if (record.type === TYPE.TSIG) {
        // The last record, of class ANY and TTL 0 (RFC 8945 s.5.1, s.4.2).
        const isLast = i >= before && i + 1 === before + additionals;
        if (!isLast || record.class !== CLASS.ANY || record.ttl !== 0 || !hasShape(message, record)) {
          return 'formatErrors';
        }
        this.tsig = owner;
      }
      at = record.end;
    }
    if (at !== message.length) return 'formatErrors';
    // The version comes first, since options may have another form in a later one.
    if (version !== 0) return 'badVersions';
    return this.#readOptions() ? 'query' : 'formatErrors';
  }

  /** The offset behind the question's name; 0 if the name is invalid. It has no pointers, since no name precedes it. */
  #skipQuestionName(): number {
    const { message } = this;
    let at = HEADER_SIZE;
    while (at < message.length) {
      const label = message[at];
      if (label === 0) return at + 1 - HEADER_SIZE <= MAX_NAME ? at + 1 : 0;
      if (label > MAX_LABEL) return 0;
      at += label + 1;
    }
    return 0;
  }

  /**
   * The offset behind the name at `offset`; 0 if the name is invalid. A pointer points to a prior name (RFC 1035
   * s.4.1.4). Each pointer of a chain must point further back than the one before, so that every chain ends.
   */
  #skipName(offset: number): number {
    const { message } = this;
    let end = 0;
    let at = offset;
    let limit = offset;
    let octets = 0;
    while (at < message.length) {
      const label = message[at];
      if (label === 0) return end === 0 ? at + 1 : end;
      if (label <= MAX_LABEL) {
        octets += label + 1;
        if (octets + 1 > MAX_NAME) return 0; // the root has an octet, too
        at += label + 1;
        continue;
      }
      if (label < POINTER || at + 1 >= message.length) return 0;
      const target = message.readUInt16BE(at) & MAX_POINTER;
      if (target < HEADER_SIZE || target >= limit) return 0;
      if (end === 0) end = at + 2;
      limit = at = target;
    }
    return 0;
  }

  /** Whether the options are well-formed and fill the RDATA (RFC 6891 s.6.1.2, RFC 7871 s.7.1.2). Sets {@link asked}. */
  #readOptions(): boolean {
    const { message } = this;
    const end = this.optionsOffset + this.optionsLength;
    let at = this.optionsOffset;
    while (at + OPTION_FIXED_SIZE <= end) {
      const code = message.readUInt16BE(at);
      const size = message.readUInt16BE(at + 2);
      if (code === OPTION.NSID) this.asked |= ASKED_NSID;
      else if (code === OPTION.TCP_KEEPALIVE) this.asked |= size === 0 ? ASKED_KEEPALIVE : KEEPALIVE_WITH_TIME;
      else if (code === OPTION.PADDING) this.asked |= ASKED_PADDING;
      at += OPTION_FIXED_SIZE + size;
      const isSubnet = code === OPTION.CLIENT_SUBNET;
      if (isSubnet && (at > end || !isClientSubnet(message.subarray(at - size, at)))) return false;
    }
    return at === end;
  }
}

/** A header alone: the message's ID, these flags, and no sections. */
function header(message: Buffer, flags: number): Buffer {
  const reply = Buffer.alloc(HEADER_SIZE);
  message.copy(reply, 0, 0, 2);
  reply.writeUInt16BE(flags, 2);
  return reply;
}
