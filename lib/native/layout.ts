/** Generated from native/message/layout.h by scripts/layout.js. */

/**
 * Counters of a socket that native code writes, in the order of its row.
 *
 * - `queries`: UDP: datagrams received; TCP: messages.
 * - `batches`: UDP: system calls that received them.
 * - `connections`: TCP: connections accepted.
 */
export const nativeSocketCounters = [
  'queries',
  'batches',
  'connections',
] as const;

/**
 * Counters of a worker that native code writes, in the order of its row.
 *
 * - `received`: Datagrams received.
 * - `batches`: Batches received.
 * - `sent`: Datagrams sent.
 * - `segmentedSends`: Datagrams sent together with others as one message (UDP_SEGMENT).
 * - `sendRetries`: Attempts repeated because the kernel had no room for a datagram.
 * - `sendFailures`: Datagrams that the kernel did not take.
 * - `droppedShort`: Messages under 12 bytes, dropped.
 * - `droppedResponse`: Messages with QR=1, dropped.
 * - `droppedPortZero`: Datagrams from port 0, dropped.
 * - `droppedOversize`: Datagrams longer than a receive slot, dropped.
 * - `droppedStale`: Datagrams that waited in the kernel for longer than maxQueueDelay, dropped.
 * - `formatErrors`: Messages answered with FORMERR.
 * - `notImplemented`: Messages answered with NOTIMP.
 * - `badVersions`: Messages answered with BADVERS.
 * - `cacheHits`: Queries answered from the cache.
 * - `zoneAnswers`: Queries answered from a zone in native code, without a handler.
 * - `badCookies`: Messages answered with BADCOOKIE.
 * - `rateLimitDropped`: Excess responses, dropped (reportOnly: counted and sent).
 * - `rateLimitSlipped`: Excess responses, truncated (reportOnly: sent whole).
 * - `rateLimitBypassed`: Messages not charged because of a valid cookie.
 * - `tcpQueries`: Messages received by TCP and TLS.
 * - `tcpReplies`: Messages sent by TCP and TLS.
 * - `tcpAccepted`: Connections accepted.
 * - `tcpAcceptFailures`: Failures to accept a waiting connection, mostly for lack of descriptors.
 * - `tcpPaused`: Times that connections had to wait in the kernel, because descriptors ran out.
 * - `tcpOpen`: Connections open at this moment.
 * - `tcpRefused`: Connections reset at once, because of the total cap.
 * - `tcpRefusedClient`: Connections reset at once, because of the cap of their client.
 * - `tcpIdle`: Connections closed because nothing came.
 * - `tcpMessageTimeout`: Connections closed because a message was not complete in time.
 * - `tcpWriteTimeout`: Connections closed because the client did not read its replies.
 * - `proxyRefused`: Datagrams dropped and connections closed: their PROXY header is invalid, or missing.
 */
export const nativeWorkerCounters = [
  'received',
  'batches',
  'sent',
  'segmentedSends',
  'sendRetries',
  'sendFailures',
  'droppedShort',
  'droppedResponse',
  'droppedPortZero',
  'droppedOversize',
  'droppedStale',
  'formatErrors',
  'notImplemented',
  'badVersions',
  'cacheHits',
  'zoneAnswers',
  'badCookies',
  'rateLimitDropped',
  'rateLimitSlipped',
  'rateLimitBypassed',
  'tcpQueries',
  'tcpReplies',
  'tcpAccepted',
  'tcpAcceptFailures',
  'tcpPaused',
  'tcpOpen',
  'tcpRefused',
  'tcpRefusedClient',
  'tcpIdle',
  'tcpMessageTimeout',
  'tcpWriteTimeout',
  'proxyRefused',
] as const;

/**
 * The positions of everything in the memory that native code and JavaScript share.
 *
 * A *slab* is one ArrayBuffer a worker. It holds `batchSize` receive slots of `slotStride` bytes, each an envelope of
 * `envelopeSize` bytes (who sent it, to which address) directly followed by the message; then the text region; then the
 * output region, up to the slab's end.
 */
export interface Layout {
  /** Datagrams in a batch. */
  batchSize: number;
  /** Bytes of an envelope, which the message follows. */
  envelopeSize: number;
  /** Bytes of an envelope where proxies are believed. */
  proxiedEnvelopeSize: number;
  /** Bytes of a receive slot. */
  slotStride: number;
  /** Offset of the text region in the slab; it has 2 * batchSize * maxText bytes. */
  textOffset: number;
  /** The longest presentation form of a name, in characters. */
  maxText: number;
  /** Offset of the output region in the slab. */
  outputOffset: number;
  /** Bytes of the output region. */
  outputSize: number;
  /** Bytes of a slab. */
  slabSize: number;
  /** Words of a query's row. */
  queryWords: number;
  /** Words of the input and output of a StreamAdmission. */
  streamWords: number;
  /** Words of an entry in the outbox. */
  outboxEntryWords: number;
  /** The most entries in the outbox. */
  outboxEntries: number;
  /** Float64 elements of a socket's row of counters. */
  socketRow: number;
  /** Words of a record of the query log. */
  logRecordWords: number;
  /** Float64 elements of a worker's row of counters. */
  workerRow: number;
  /** Offsets in an envelope. */
  envelope: {
    /** Family of the client's address: 4 or 6. */
    family: number;
    /** Two bytes, in network byte order. */
    clientPort: number;
    /** Four bytes, in network byte order. */
    clientAddress4: number;
    /** Sixteen bytes, in network byte order. */
    clientAddress6: number;
    /** 4 or 6; 0: the address that the socket is bound to. */
    localFamily: number;
    /** Four or sixteen bytes, in network byte order. */
    localAddress: number;
    /** The socket's number: four bytes, little-endian. */
    socket: number;
    /** TCP: the connection's number: four bytes, little-endian. */
    connection: number;
    /** 1: a proxy has given the ends that follow. Long envelopes have this and what follows. */
    proxied: number;
    /** The port of the proxy's client: two bytes, in network byte order. */
    realPort: number;
    /** The port that the client asked: two bytes, in network byte order. */
    realLocalPort: number;
    /** The address of the proxy's client: sixteen bytes, in network byte order. */
    realAddress: number;
    /** The address that the client asked: sixteen bytes, in network byte order. */
    realLocalAddress: number;
  };
  /** The words of a query's row. */
  query: {
    /** Offset of the message in the input (UDP: the slab; TCP: the chunk). */
    offset: number;
    /** Length of the message in bytes. */
    length: number;
    /** ID in the upper 16 bits, the header's flags in the lower. */
    idAndFlags: number;
    /** QTYPE in the upper 16 bits, QCLASS in the lower. */
    typeAndClass: number;
    /** Offset from the message's start to the first byte after the question. */
    questionEnd: number;
    /** Offset in the text region of the name in lower case (escapes: RFC 1035 s.5.1). */
    keyOffset: number;
    /** Length of the name in characters, in either spelling. */
    keyLength: number;
    /** As keyOffset, with the client's spelling; equal to it when that is lower case. */
    nameOffset: number;
    /** 1: there is an OPT record. */
    edns: number;
    /** OPT: UDP payload size in the upper 16 bits, flags (DO: 0x8000) in the lower. */
    ednsSizeAndFlags: number;
    /** OPT: offset from the message's start to its RDATA. */
    optionsOffset: number;
    /** OPT: RDLENGTH. */
    optionsLength: number;
    /** OPT: the options that native code answers, as bits. */
    asked: number;
    /** Offset from the message's start to its TSIG record, the last one; 0: there is none. */
    tsig: number;
    /** A verdict. Rows of datagrams are always `query`. */
    verdict: number;
    /** 1: the reply carries the cookie that follows. */
    hasCookie: number;
    /** With a query log: when the query was taken up, in microseconds of its clock. */
    takenUp: number;
    /** The first of six words with the 24 octets of a cookie, four a word, the first one highest. */
    cookie: number;
  };
  /** What a message is. */
  verdict: {
    /** A query for the handler. */
    query: number;
    /** To be dropped. */
    drop: number;
    /** Answered: the reply has replaced the message. */
    reply: number;
  };
  /** The words that a StreamAdmission is told and tells, beside the rows. */
  stream: {
    /** In: rows that may be filled, at most batchSize. */
    most: number;
    /** Out: offset in the input of the first byte that was not consumed. */
    consumed: number;
    /** In: offset in the output for answers. Out: offset of their end. */
    answersEnd: number;
  };
  /** The words of an entry in the outbox, whose first word counts the entries. */
  outbox: {
    /** Offset of the envelope in the slab. */
    envelope: number;
    /** Offset of the message in the slab. */
    message: number;
    /** Length of the message in bytes. */
    length: number;
    /** Offset of the OPT record from the message's start; 0: there is none. */
    opt: number;
  };
  /** Sizes and counts of the memory of a TcpEndpoint. */
  tcp: {
    /** Offset in the slab of the replies. */
    outputOffset: number;
    /** Offset of the end of the replies. */
    outputEnd: number;
    /** Bytes of the slab. */
    slabSize: number;
    /** Bytes of the longest message and its length. */
    maxFrame: number;
    /** The most entries in the outbox. */
    outboxEntries: number;
    /** Words of an entry in the outbox. */
    replyWords: number;
    /** Words of the settings. */
    settings: number;
  };
  /** The words of an entry in the outbox of a TcpEndpoint, whose first word counts the entries. */
  tcpReply: {
    /** The connection's number. */
    connection: number;
    /** Offset of the reply in the slab. */
    offset: number;
    /** Length of the reply in bytes; 0: the query gets none. */
    length: number;
  };
  /** The words of the settings of a TcpEndpoint. */
  tcpSetting: {
    /** The time for a message, from its first byte to its last. */
    messageTimeout: number;
    /** The time between messages. */
    idleTimeout: number;
    /** The time for reading any of the waiting replies. */
    writeTimeout: number;
    /** The time to close the client's side after the server's. */
    lingerTimeout: number;
    /** The most queries of a connection in flight. */
    maxPipelined: number;
    /** The most queries of a connection; 4,294,967,295: any number. */
    maxQueries: number;
    /** The most connections of the server. */
    maxConnections: number;
    /** The most connections of a client. */
    maxConnectionsPerClient: number;
    /** Length of an accept queue. */
    backlog: number;
    /** Descriptors that are left for other uses. */
    reserve: number;
  };
  /** Sizes and counts of the memory of a UdpClient. */
  client: {
    /** Offset in the slab of the messages to be sent. */
    queriesOffset: number;
    /** Bytes of the slab. */
    slabSize: number;
    /** All handles are below this. */
    maxOutstanding: number;
    /** The most entries in the outbox. */
    outboxEntries: number;
    /** Words of an entry in the outbox. */
    outboxWords: number;
    /** Words of a row of answers. */
    answerWords: number;
  };
  /** The words of an entry in the outbox of a UdpClient, whose first word counts the entries. */
  ask: {
    /** The upstream's number. */
    upstream: number;
    /** JavaScript's number for the query. */
    handle: number;
    /** Offset of the message in the slab. */
    offset: number;
    /** Length of the message in bytes. */
    length: number;
    /** Offset from the message's start to the first byte after the question. */
    questionEnd: number;
    /** Set by native code: 0, or why it was not sent, an errno. */
    error: number;
  };
  /** The words of a row of answers. `answered` sets all but `error`, `unreachable` some, others the first two. */
  answer: {
    /** JavaScript's number for the query. */
    handle: number;
    /** An outcome. */
    outcome: number;
    /** Offset of the message in the slab. */
    offset: number;
    /** Length of the message in bytes. */
    length: number;
    /** Offset from the message's start to its records. */
    questionEnd: number;
    /** Offset from the message's start to the end of its records. */
    recordsEnd: number;
    /** Flags in the upper 16 bits, the extended RCODE in the lower. */
    flagsAndRcode: number;
    /** Records in the answer section. */
    answers: number;
    /** Records in the authority section. */
    authorities: number;
    /** Records in the additional section, without OPT. */
    additionals: number;
    /** OPT: offset from the message's start to its RDATA. */
    optionsOffset: number;
    /** OPT: RDLENGTH. */
    optionsLength: number;
    /** An errno. */
    error: number;
  };
  /** What became of a query to an upstream. */
  outcome: {
    /** An answer came. */
    answered: number;
    /** The answer has TC set, or is longer than a slot. */
    truncated: number;
    /** The answer cannot be read. */
    malformed: number;
    /** The kernel reports that the upstream is unreachable. */
    unreachable: number;
    /** The question came back with other upper and lower case. */
    misspelt: number;
    /** Answers to the query were being guessed. */
    guessed: number;
    /** On a stream: the message does not answer the query. */
    unmatched: number;
  };
  /** What an answer says, as far as caching goes. */
  kind: {
    /** The records that were asked for. */
    data: number;
    /** There are no such records: an SOA denies them. */
    denial: number;
    /** Name servers to ask. */
    referral: number;
    /** None of these: not cached by default. */
    nothing: number;
    /** A response code other than NOERROR and NXDOMAIN. */
    failure: number;
  };
  /** The words that tell an answer cache how to keep a reply. */
  keeping: {
    /** The query's transport, as an index into `transports`. */
    transport: number;
    /** Offset of the OPT record in the reply; 0: there is none. */
    opt: number;
    /** The longest lifetime, in seconds. */
    maxTtl: number;
    /** The sum of 1 (local address), 2 (client's network) and 4 (client). */
    varyBy: number;
    /** The generation of the cache when the handler began. */
    generation: number;
    /** 1 more than the scope of its Client Subnet, the last option; 0: none. */
    scope: number;
  };
  /** The words before the records in the ring of a query log. */
  log: {
    /** Octets that the worker has written, modulo 2^32. */
    written: number;
    /** Octets that the owner has read, modulo 2^32. */
    read: number;
    /** Records for which there was no room, modulo 2^32. */
    lost: number;
    /** Words before the records. */
    records: number;
  };
  /** The words of a record of a query log. */
  logRecord: {
    /** Octets of the record. With the highest bit set it has no contents. */
    size: number;
    /** The response code in the upper 16 bits; 1 in the lower: a cache has answered. */
    flags: number;
    /** Microseconds from when the query was taken up to when its reply was ready. */
    latency: number;
    /** Octets of the query that follow in the upper 16 bits; those of the reply in the lower. */
    lengths: number;
    /** Octets of the reply; 0: none is sent. */
    replyLength: number;
    /** When the reply was ready: seconds since 1970. */
    seconds: number;
    /** The rest of that time. */
    nanoseconds: number;
  };
  /** As {@link nativeSocketCounters}. */
  socketCounters: string[];
  /** As {@link nativeWorkerCounters}. */
  workerCounters: string[];
}

/** The names in each group of numbers. */
export const layoutNames = {
  numbers: ['batchSize', 'envelopeSize', 'proxiedEnvelopeSize', 'slotStride', 'textOffset', 'maxText', 'outputOffset', 'outputSize', 'slabSize', 'queryWords', 'streamWords', 'outboxEntryWords', 'outboxEntries', 'socketRow', 'logRecordWords', 'workerRow'],
  envelope: ['family', 'clientPort', 'clientAddress4', 'clientAddress6', 'localFamily', 'localAddress', 'socket', 'connection', 'proxied', 'realPort', 'realLocalPort', 'realAddress', 'realLocalAddress'],
  query: ['offset', 'length', 'idAndFlags', 'typeAndClass', 'questionEnd', 'keyOffset', 'keyLength', 'nameOffset', 'edns', 'ednsSizeAndFlags', 'optionsOffset', 'optionsLength', 'asked', 'tsig', 'verdict', 'hasCookie', 'takenUp', 'cookie'],
  verdict: ['query', 'drop', 'reply'],
  stream: ['most', 'consumed', 'answersEnd'],
  outbox: ['envelope', 'message', 'length', 'opt'],
  tcp: ['outputOffset', 'outputEnd', 'slabSize', 'maxFrame', 'outboxEntries', 'replyWords', 'settings'],
  tcpReply: ['connection', 'offset', 'length'],
  tcpSetting: ['messageTimeout', 'idleTimeout', 'writeTimeout', 'lingerTimeout', 'maxPipelined', 'maxQueries', 'maxConnections', 'maxConnectionsPerClient', 'backlog', 'reserve'],
  client: ['queriesOffset', 'slabSize', 'maxOutstanding', 'outboxEntries', 'outboxWords', 'answerWords'],
  ask: ['upstream', 'handle', 'offset', 'length', 'questionEnd', 'error'],
  answer: ['handle', 'outcome', 'offset', 'length', 'questionEnd', 'recordsEnd', 'flagsAndRcode', 'answers', 'authorities', 'additionals', 'optionsOffset', 'optionsLength', 'error'],
  outcome: ['answered', 'truncated', 'malformed', 'unreachable', 'misspelt', 'guessed', 'unmatched'],
  kind: ['data', 'denial', 'referral', 'nothing', 'failure'],
  keeping: ['transport', 'opt', 'maxTtl', 'varyBy', 'generation', 'scope'],
  log: ['written', 'read', 'lost', 'records'],
  logRecord: ['size', 'flags', 'latency', 'lengths', 'replyLength', 'seconds', 'nanoseconds'],
} as const;
