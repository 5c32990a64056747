import type { Packet } from 'dns-packet';
import { encodeReply } from './encode-reply.js';
import { DEFAULT_CACHING } from './cache-choice.js';
import { decodeMessage, isOpt, type DecodedMessage, type DecodedRecord } from '../dns/decode.js';
import { readOptions } from '../dns/edns.js';
import type { Query } from './query.js';
import { FLAG } from '../dns/numbers.js';
import type { ResourceRecord } from '../dns/record.js';
import { checkedRcodeName, checkedRcodeNumber, type Rcode } from '../dns/registry.js';
import { ReplyEdns } from './reply-edns.js';
import { optionsOf, sentOptions } from './reply-options.js';
import type { ReplyObserver } from './reply-outcome.js';
import { ReplyRecords } from './reply-records.js';
import { findSections, type EncodedSections } from '../dns/encoded-message.js';
import { openStream, type MessageSource, type RunningStream } from './stream.js';

const { AA, TC, RA, AD } = FLAG;
/** The flags that a reply takes over from a message. */
const TAKEN_OVER = AA | TC | RA | AD;

export type { ReplyObserver, ReplyOutcome } from './reply-outcome.js';

/**
 * The reply to a query. The server fills in the question, the ID, EDNS, truncation and the client's spelling of the
 * name; a handler sets the records and the response code. An untouched reply becomes SERVFAIL.
 */
export class Reply extends ReplyEdns {
  /** In a chain of directives: the name of the last one that had the query, which made the reply. */
  handledBy: string | undefined;
  readonly #query: Query;
  readonly #records = new ReplyRecords();
  #observers: ReplyObserver[] | undefined;
  #rcode: Rcode = 'NOERROR';
  #touched = false;
  #dropped = false;
  #truncated = false;
  #flags = 0;
  #optStart = 0;
  #cause: Error | undefined;
  #stream: RunningStream | undefined;

  /** @internal */
  constructor(query: Query) {
    super(query);
    this.#query = query;
  }

  /** RCODE, with its extension (RFC 6891 s.6.1.3); `'NOERROR'` at first. Throws `RangeError` for an unknown name. */
  get rcode(): Rcode {
    return this.#rcode;
  }

  set rcode(rcode: Rcode) {
    checkedRcodeNumber(rcode);
    this.#rcode = rcode;
    this.#touched = true;
    this.#cause = undefined;
  }

  /** AA: this server is an authority for the name (RFC 1035 s.4.1.1); false at first. */
  get authoritative(): boolean {
    return (this.#flags & AA) !== 0;
  }

  set authoritative(on: boolean) {
    this.#setFlag(AA, on);
  }

  /** RA: this server asks others on behalf of clients (RFC 1035 s.4.1.1); false at first. */
  get recursionAvailable(): boolean {
    return (this.#flags & RA) !== 0;
  }

  set recursionAvailable(on: boolean) {
    this.#setFlag(RA, on);
  }

  /** AD: all data were verified by DNSSEC (RFC 4035 s.3.2.3); false at first. */
  get authenticData(): boolean {
    return (this.#flags & AD) !== 0;
  }

  set authenticData(on: boolean) {
    this.#setFlag(AD, on);
  }

  /** Adds records to the answer section. A record that cannot be encoded makes the reply SERVFAIL, with a `warning`. */
  answer(...records: ResourceRecord[]): this {
    this.#records.add('answers', records);
    this.#touched = true;
    return this;
  }

  /** Adds records to the authority section, likewise. */
  authority(...records: ResourceRecord[]): this {
    this.#records.add('authorities', records);
    this.#touched = true;
    return this;
  }

  /** Adds records to the additional section, likewise; those that do not fit are left out (RFC 2181 s.9). */
  additional(...records: ResourceRecord[]): this {
    this.#records.add('additionals', records);
    this.#touched = true;
    return this;
  }

  /**
   * Answers with a whole message: in dns-packet's or `query.message`'s form, or encoded. Its records, response code, the
   * flags AA, TC, RA and AD, and the options of its OPT are taken over, except COOKIE, keepalive and padding; ID,
   * question, the rest of EDNS, and truncation are this query's.
   *
   * Throws `TypeError` for any other value, `RangeError` for an unknown response code, and `Error` for an encoded
   * message that ends too early or, if its question is another one, that dns-packet cannot read.
   */
  send(message: Packet | DecodedMessage | Uint8Array): this {
    if (message instanceof Uint8Array) return this.#sendEncoded(Buffer.from(message));
    if (typeof message !== 'object') throw new TypeError('a packet or a Buffer is needed to send');
    const flags = message.flags ?? 0;
    const { rcode } = message as { rcode?: Rcode };
    const { additionals }: { additionals?: readonly DecodedRecord[] | undefined } = message;
    const opt = additionals?.find(isOpt);
    this.rcode = checkedRcodeName(
      (rcode === undefined ? flags & 0x0f : checkedRcodeNumber(rcode)) | ((opt?.extendedRcode ?? 0) << 4),
    );
    this.#flags = flags & TAKEN_OVER;
    this.#records.replace(message);
    return opt === undefined ? this : this.addOptions(sentOptions(optionsOf(opt)));
  }

  /** The records of the answer section. Encoded ones from {@link send} are decoded now, as in `query.message`. */
  get answers(): readonly ResourceRecord[] {
    return this.#records.get('answers');
  }

  set answers(records: readonly ResourceRecord[]) {
    this.#records.set('answers', records);
    this.#touched = true;
  }

  /** The records of the authority section, likewise. */
  get authorities(): readonly ResourceRecord[] {
    return this.#records.get('authorities');
  }

  set authorities(records: readonly ResourceRecord[]) {
    this.#records.set('authorities', records);
    this.#touched = true;
  }

  /** The records of the additional section without OPT, likewise. */
  get additionals(): readonly ResourceRecord[] {
    return this.#records.get('additionals');
  }

  set additionals(records: readonly ResourceRecord[]) {
    this.#records.set('additionals', records);
    this.#touched = true;
  }

  /** @internal The start of the OPT record in the output of {@link encode}; 0: none. */
  get optStart(): number {
    return this.#optStart;
  }

  /** The longest UDP reply to this query in octets, if less than the server's; undefined: the server's. */
  maxPayloadSize: number | undefined;

  /** Calls `observer` once with the outcome of this reply, after the last handler: for logs and metrics. */
  observe(observer: ReplyObserver): void {
    (this.#observers ??= []).push(observer);
  }

  /**
   * Replies with several messages, as zone transfers do (RFC 5936, RFC 1995): in the form of dns-packet, or encoded, from an
   * iterable or async iterable. Each gets this query's ID, opcode, question and EDNS, and the flags of this reply. The
   * next message is asked for when the client has read the last ones. The stream goes on after the handler has returned.
   *
   * The promise resolves when all messages are sent; a handler need not wait. It rejects with an `Error` whose code is
   * `ERR_MULTISOCKET_STREAM_CLOSED`: the connection was closed before; `…_STALLED`: the next message took longer than
   * `handlerTimeout`; or `…_FAILED`: `messages` threw the `cause`, or a message was invalid. The connection is then reset,
   * but a client that has got no message gets SERVFAIL.
   *
   * Throws `TypeError` `ERR_INVALID_ARG_TYPE` for messages that are no iterable; `Error`
   * `ERR_MULTISOCKET_STREAM_TRANSPORT` unless the query came by TCP or TLS; `…_ANSWERED` if the reply has contents.
   */
  stream(messages: MessageSource): Promise<void> {
    this.#stream = openStream(this.#query, this, messages);
    this.#dropped = this.#touched = true;
    return this.#stream.done;
  }

  /** @internal Its stream; undefined if it is a single message. */
  get streamed(): RunningStream | undefined {
    return this.#stream;
  }

  /** Sends nothing at all. */
  drop(): void {
    this.#dropped = true;
    this.#touched = true;
  }

  /**
   * @internal Answers with the records of a message that are known to fit behind this query's question; its bytes are
   * not copied and must stay as they are. Throws `RangeError` for an unknown response code.
   */
  takeOver(sections: EncodedSections): this {
    this.rcode = checkedRcodeName(sections.rcode);
    this.#flags = sections.flags & TAKEN_OVER;
    this.#records.takeOver(sections);
    return this;
  }

  /** @internal Whether the handler has set anything. */
  get answered(): boolean {
    return this.#touched;
  }

  /** @internal */
  get dropped(): boolean {
    return this.#dropped;
  }

  /** @internal Whether the last {@link encode} left out required records. */
  get truncated(): boolean {
    return this.#truncated;
  }

  /** @internal Ends the reply: `length` octets of it are sent, none if it was dropped. */
  finished(length: number, kept: boolean): void {
    if (this.#observers === undefined) return;
    for (const observer of this.#observers) observer({ rcode: this.#rcode, length, truncated: this.#truncated, kept });
  }

  /**
   * Replaces the whole reply by a bare response code after an error. `cause`: the error, for the directive `errors` and
   * the server's event `warning`. A stream is cut off instead. Throws `RangeError` for an unknown response code.
   */
  fail(rcode: Rcode, cause?: Error): void {
    if (this.#stream !== undefined) {
      this.#stream.abort();
      return;
    }
    this.#records.clear();
    this.#flags = 0;
    this.caching = DEFAULT_CACHING;
    this.#dropped = false;
    this.rcode = rcode;
    this.#cause = cause;
  }

  /** The cause given to {@link fail}; undefined for a reply that has not failed, or was answered since. */
  get cause(): Error | undefined {
    return this.#cause;
  }

  /**
   * @internal Writes the message at `offset` of `target` and returns its length, at most `limit`. Throws the errors of
   * `writeRecord`; the contents of `target` are then undefined.
   */
  encode(target: Buffer, offset: number, limit: number, payloadSize: number): number {
    const rcode = checkedRcodeNumber(this.#rcode);
    const query = this.#query;
    const options = this.optionsFor(query);
    const parts = { query, rcode, flags: this.#flags, records: this.#records, options };
    const encoded = encodeReply(parts, { target, offset, limit, payloadSize });
    this.#truncated = encoded.truncated;
    this.#optStart = encoded.optStart;
    return encoded.length;
  }

  /** @internal Takes over what a handler has set for all messages of a stream. */
  withSettingsOf(reply: Reply): this {
    this.#flags |= reply.#flags;
    return this.withOptionsOf(reply);
  }

  #sendEncoded(message: Buffer): this {
    const sections = findSections(message, this.#query.question);
    if (sections === undefined) return this.send(decodeMessage(message));
    const { optionsStart, optionsEnd } = sections;
    this.takeOver(sections);
    if (optionsStart === optionsEnd) return this;
    return this.addOptions(sentOptions(readOptions(message, optionsStart, optionsEnd)));
  }

  #setFlag(flag: number, on: boolean): void {
    this.#flags = on ? this.#flags | flag : this.#flags & ~flag;
  }
}
