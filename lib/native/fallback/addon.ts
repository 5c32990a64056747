import { addOptions, KEEPALIVE_WITH_TIME, readSettings } from './client-options.js';
import { layout } from './layout.js';
import { MessageView } from './message-view.js';
import { needsNative } from './needs-native.js';
import type { StreamMemory } from '../stream-admission.js';

const PREFIX = 2;
const { query: word, queryWords, stream: streamWord, verdict } = layout;

/** `StreamAdmission` without a cache and a guard. */
class StreamAdmission {
  readonly #memory: StreamMemory;

  constructor(memory: StreamMemory) {
    this.#memory = memory;
  }

  check(input: Uint8Array, start: number, end: number): number {
    const { queries, text, counters, row, words, edns } = this.#memory;
    const { opcodes, payloadSize, keepalive, signatures } = readSettings(edns);
    const bytes = Buffer.from(input.buffer, input.byteOffset, end);
    const texts = Buffer.from(text.buffer, text.byteOffset, text.byteLength);
    const most = Math.min(words[streamWord.most], queries.length / queryWords);
    let at = start;
    let rows = 0;
    let textUsed = 0;
    while (rows < most && end - at >= PREFIX) {
      const length = bytes.readUInt16BE(at);
      if (end - at - PREFIX < length) break;
      const offset = at + PREFIX;
      const view = new MessageView(bytes.subarray(offset, offset + length), opcodes);
      const query = queries.subarray(rows * queryWords, (rows + 1) * queryWords);
      query[word.offset] = offset;
      if (!signatures) view.tsig = 0;
      const timed = view.verdict === 'query' && (view.asked & KEEPALIVE_WITH_TIME) !== 0 && keepalive !== 0;
      const found = timed ? 'formatErrors' : view.verdict;
      if (found === 'query') textUsed = describe(view, query, texts, textUsed);
      else {
        counters[row + layout.workerCounters.indexOf(found)]++;
        const reply = view.errorReply(found, payloadSize);
        query[word.verdict] = reply === undefined ? verdict.drop : verdict.reply;
        query[word.length] = reply?.copy(bytes, offset) ?? 0;
      }
      rows++;
      at = offset + length;
    }
    words[streamWord.consumed] = at;
    return rows;
  }
}

/** Fills a query's row, and writes its name behind the `textUsed` bytes; returns how many there are then. */
function describe(view: MessageView, words: Uint32Array, texts: Buffer, textUsed: number): number {
  const { message, questionEnd } = view;
  const name = view.name();
  const key = name.toLowerCase();
  let used = textUsed + texts.write(key, textUsed, 'latin1');
  words[word.verdict] = verdict.query;
  words[word.length] = message.length;
  words[word.idAndFlags] = message.readUInt32BE(0);
  words[word.typeAndClass] = message.readUInt32BE(questionEnd - 4);
  words[word.questionEnd] = questionEnd;
  words[word.keyOffset] = words[word.nameOffset] = textUsed;
  words[word.keyLength] = key.length;
  if (name !== key) {
    words[word.nameOffset] = used;
    used += texts.write(name, used, 'latin1');
  }
  words[word.edns] = Number(view.hasOpt);
  words[word.ednsSizeAndFlags] = view.payloadSize * 0x10000 + view.optFlags;
  words[word.optionsOffset] = view.optionsOffset;
  words[word.optionsLength] = view.optionsLength;
  words[word.asked] = view.asked;
  words[word.tsig] = view.tsig;
  words[word.hasCookie] = 0;
  return used;
}

/** A function that needs native code. */
function refuse(what: string): () => never {
  return () => {
    throw needsNative(what);
  };
}

/** A class that needs native code. */
function refused(what: string): new () => never {
  return function () {
    throw needsNative(what);
  } as unknown as new () => never;
}

const handOver = { listen: refuse('handing sockets over'), connect: refuse('handing sockets over') };

/**
 * The replacement for native code where it cannot be loaded: checks messages in JavaScript. Sockets are then those of
 * `dgram` and `net` (`lib/socket/plain-socket.ts`). Other functions of native code are refused.
 */
export const fallback = {
  layout,
  addOptions,
  /** Only the cache reads it. */
  queryOrigin: () => new Uint8Array(0),
  openSocket: refuse('a group of sockets'),
  describeSocket: refuse('adopting sockets'),
  prepareInherited: refuse('adopting sockets'),
  /** A listener gets the number of `lib/socket/plain-socket.ts`, which is nothing to close. */
  duplicate: (fd: number) => fd,
  /** Unknown: all connections are accepted. */
  descriptorRoom: () => true,
  closeSocket: refuse('a group of sockets'),
  steer: refuse('steering'),
  leave: refuse('a group of sockets'),
  stopListening: refuse('a group of sockets'),
  exitWithin: refuse('worker threads'),
  abandonEndpoint: refuse('worker threads'),
  pinThread: refuse('"pinWorkers"'),
  useHugePages: () => undefined,
  sendLocalDatagram: refuse('the notification of a service manager'),
  statistics: refuse('a group of sockets'),
  answerKind: refuse('the answer cache'),
  readAnswer: refuse('forwarding'),
  Guard: refused('"cookies" and "rateLimit"'),
  AnswerCache: refused('the answer cache'),
  AnswerFront: refused('the answer cache'),
  QueryLog: refused('"queryLog"'),
  ProxyProtocol: refused('"proxyProtocol"'),
  DescriptorChannel: Object.assign(refused('handing sockets over'), handOver),
  StreamAdmission,
  UdpClient: refused('asking upstreams'),
  UdpEndpoint: refused('batched UDP'),
  ZoneTable: refused('answers of zones'),
};
