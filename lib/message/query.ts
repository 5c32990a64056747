import { addon } from '../native/addon.js';
import type { Endpoint, Transport } from './batch.js';
import { decodeMessage, type DecodedMessage } from '../dns/decode.js';
import { readClientSubnet, type ClientSubnet } from '../dns/client-subnet.js';
import { readOptions, type Edns } from '../dns/edns.js';
import { FLAG } from '../dns/numbers.js';
import { className, opcodeName, typeName, type Opcode } from '../dns/registry.js';
import { readNotify, readUpdate, type Notify, type Update } from '../dns/update.js';
import type { CacheChoice } from './cache-choice.js';
import { cachingWith, PLAIN, type QueryConnection } from './connection.js';
import type { LookupAnswer, Lookups } from './lookup-answer.js';
import type { QuerySignature, QueryTsig } from './query-signature.js';
import { ReceivedQuery } from './received-query.js';
import { upstreamQuery } from './upstream-query.js';

const { query: word } = addon.layout;

const { RD, AD, CD } = FLAG;

const NO_OPTIONS: readonly number[] = [];

/**
 * A well-formed query with one question. Its fields are decoded on access, from the transport's memory.
 *
 * A handler that returns a Promise may keep the query; otherwise it is valid only until the handler returns.
 */
export class Query extends ReceivedQuery {
  #name: string | undefined;
  #key: string | undefined;
  #edns: Edns | undefined;
  #client: Endpoint | undefined;
  #local: Endpoint | undefined;
  #message: DecodedMessage | undefined;
  /** @internal Codes of the options in its OPT record that this server has set for upstreams. */
  ownOptions: readonly number[] = NO_OPTIONS;

  /** @internal The function behind {@link lookup}; undefined outside of a server. */
  lookups: Lookups<Query> | undefined;

  // Not initialized: other queries pay nothing for these.
  /** @internal Set by a server with the option `tsig`, for a query with a TSIG record. */
  declare signature?: QuerySignature;
  declare private updateRead?: Update;
  declare private notifyRead?: Notify;
  declare private connectionRead?: QueryConnection;

  /** The ID that the client gave it, 0 to 65,535. */
  get id(): number {
    return this.word(word.idAndFlags) >>> 16;
  }

  /** The flags of the header, as 16 bits (RFC 1035 s.4.1.1, RFC 4035 s.3.2). */
  get flags(): number {
    return this.word(word.idAndFlags) & 0xffff;
  }

  /** `'QUERY'`; with the option `opcodes` also `'NOTIFY'` (RFC 1996) or `'UPDATE'` (RFC 2136). */
  get opcode(): Opcode {
    return opcodeName(this.flags) ?? 'QUERY';
  }

  /** RD: the client wants the server to ask others. */
  get recursionDesired(): boolean {
    return (this.flags & RD) !== 0;
  }

  /** AD: the client understands the AD flag of replies (RFC 6840 s.5.7). */
  get authenticData(): boolean {
    return (this.flags & AD) !== 0;
  }

  /** CD: the client does its own DNSSEC checks (RFC 4035 s.3.2.2). */
  get checkingDisabled(): boolean {
    return (this.flags & CD) !== 0;
  }

  /**
   * The name asked for, in the client's spelling and presentation form (RFC 1035 s.5.1) without the last dot; the root
   * is `.`. Octets that are not printable are written `\DDD`, so that the name is safe in logs.
   */
  get name(): string {
    this.#name ??= this.isLowerCase ? this.key : this.text(word.nameOffset);
    return this.#name;
  }

  /** {@link name} in lower case, for look-ups (RFC 4343). */
  get key(): string {
    this.#key ??= this.text(word.keyOffset);
    return this.#key;
  }

  /** @internal Whether {@link name} is spelt as {@link key}. */
  get isLowerCase(): boolean {
    return this.word(word.nameOffset) === this.word(word.keyOffset);
  }

  /** QTYPE by its name: `'A'`, `'AAAA'`, `'ANY'`; `'TYPE65280'` for a type without a name (RFC 3597 s.5). */
  get type(): string {
    return typeName(this.typeNumber);
  }

  /** QTYPE, 0 to 65,535. */
  get typeNumber(): number {
    return this.word(word.typeAndClass) >>> 16;
  }

  /** QCLASS by its name: nearly always `'IN'`. */
  get class(): string {
    return className(this.classNumber);
  }

  /** QCLASS, 0 to 65,535. */
  get classNumber(): number {
    return this.word(word.typeAndClass) & 0xffff;
  }

  /** The client's OPT record; undefined if it sent none. */
  get edns(): Edns | undefined {
    if (!this.hasEdns) return undefined;
    this.#edns ??= this.#readEdns();
    return this.#edns;
  }

  /** The network of the client behind a resolver (EDNS Client Subnet, RFC 7871); undefined if the query has none. */
  get clientSubnet(): ClientSubnet | undefined {
    return this.optionsLength === 0 ? undefined : readClientSubnet(this.edns?.options ?? []);
  }

  /** The contents of an UPDATE (RFC 2136). {@link name}, {@link class} are the zone's. Undefined for other opcodes. */
  get update(): Update | undefined {
    if (this.opcode !== 'UPDATE') return undefined;
    return (this.updateRead ??= readUpdate(this.raw));
  }

  /** The contents of a NOTIFY (RFC 1996); {@link name} is the zone's. Undefined for other opcodes. */
  get notify(): Notify | undefined {
    if (this.opcode !== 'NOTIFY') return undefined;
    return (this.notifyRead ??= readNotify(this.raw));
  }

  /** With the option `tsig`: the key of the query's valid signature; undefined: the query is not signed. */
  get tsig(): QueryTsig | undefined {
    return this.signature?.tsig;
  }

  /** The transport of the query: `'udp'`, `'tcp'`, `'tls'`, `'https'` or `'grpc'`. */
  get transport(): Transport {
    return this.origin.transport;
  }

  /** The client's address and port. */
  get client(): Endpoint {
    this.#client ??= this.origin.client(this.bytes, this.offset);
    return this.#client;
  }

  /** Our address that the client asked, even if the socket is bound to all addresses. */
  get local(): Endpoint {
    this.#local ??= this.origin.local(this.bytes, this.offset);
    return this.#local;
  }

  /**
   * The connection that brought it: TLS, the HTTP request, the proxy. Made when it is first read. The server's answer
   * cache does not keep a reply whose handler has read it, unless the handler calls `Reply.cache`.
   */
  get connection(): QueryConnection {
    return (this.connectionRead ??= this.origin.connection?.(this.bytes, this.offset) ?? PLAIN);
  }

  /** @internal The caching of its reply: none, unless chosen, if {@link connection} was read, which the cache does not know. */
  cachingOf(choice: CacheChoice): CacheChoice {
    return cachingWith(this.connectionRead, choice);
  }

  /**
   * Asks this server itself, through its own handler, as the same client: for `name`, a name in presentation form, and
   * `type`, by default this query's. The question reaches no network unless the handler sends it there; logs and
   * metrics of the server count only the client's query.
   *
   * Questions that lead to one another are limited: the ninth, and one that repeats an earlier one, resolve with
   * `'SERVFAIL'`, and so does a question that the handler drops or leaves unanswered. Rejects with `Error` for an
   * invalid name or type, and with the handler's error. The server's answer cache does not know that the reply depends
   * on this answer: see `Reply.cache`.
   */
  lookup(name: string, type: string = this.type): Promise<LookupAnswer> {
    if (this.lookups === undefined)
      return Promise.reject(new Error('the query belongs to no server that could be asked'));
    return this.lookups.ask(this, name, type);
  }

  /**
   * The whole message in dns-packet's form, records in the shapes that replies take, names in presentation form (RFC
   * 1035 s.5.1). Throws `Error` for malformed RDATA.
   */
  get message(): DecodedMessage {
    this.#message ??= decodeMessage(this.raw);
    return this.#message;
  }

  /** A copy of the message as it was sent. */
  get raw(): Buffer {
    return Buffer.from(this.octets);
  }

  /**
   * The message that asks an upstream the same, as `forward` sends it: a random ID; the client's question in its upper and
   * lower case; its flags RD, AD and CD; and if the client has used EDNS, an OPT record with a payload size of 1,232, the
   * client's DO and its Client Subnet (RFC 7871 s.7.1.3). Cookies, padding and other options are between the client and
   * this server.
   */
  wire(): Buffer {
    return upstreamQuery(this);
  }

  #readEdns(): Edns {
    const start = this.offset + this.word(word.optionsOffset);
    const options = readOptions(this.bytes, start, start + this.word(word.optionsLength));
    return { udpPayloadSize: this.udpPayloadSize, dnssecOk: this.dnssecOk, options };
  }
}
