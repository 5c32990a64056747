// The layout of the memory that native code and JavaScript share. Each LAYOUT_ list is the only definition of its
// members. The enum, the description that the addon gives to JavaScript (node/layout_description.cc), and
// lib/native/layout.ts (scripts/layout.js) are made from it. `npm run lint` checks that lib/native/layout.ts is up to
// date.
//
// An entry is X(constant, name in JavaScript, "description").
#ifndef MULTISOCKET_LAYOUT_H_
#define MULTISOCKET_LAYOUT_H_

#include <cstdint>

namespace multisocket::layout {

// Make the members of an enum, or their names as strings, from a list.
#define LAYOUT_MEMBER(constant, name, description) constant,
#define LAYOUT_STRING(constant, name, description) #name,

// Batches of 8 to 16 messages bring most of the gain. 64 costs nothing more and holds bursts.
constexpr uint32_t kBatchSize = 64;

// An envelope gives the sender of a message and the address that it was sent to. The message follows it directly, so
// that one copy moves both. The first 28 bytes are a sockaddr_in or sockaddr_in6 from the kernel.
constexpr uint32_t kEnvelopeSize = 64;
constexpr uint32_t kEnvelopeClientPort = 2;
constexpr uint32_t kEnvelopeClientAddress4 = 4;
constexpr uint32_t kEnvelopeClientAddress6 = 8;
constexpr uint32_t kEnvelopeNameSize = 28;
constexpr uint32_t kEnvelopeSocket = 28;
constexpr uint32_t kEnvelopeLocalAddress = 32;
constexpr uint32_t kEnvelopeLocalInterface = 48;
constexpr uint32_t kEnvelopeFamily = 52;
constexpr uint32_t kEnvelopeLocalFamily = 53;
constexpr uint32_t kEnvelopeStale = 54;      // 1: the message waited longer than allowed
constexpr uint32_t kEnvelopeUnlimited = 55;  // 1: its reply is not charged (guard/guard.h)
constexpr uint32_t kEnvelopeConnection = 56;

// Where proxies are believed, envelopes are longer. Their first part then gives the proxy and the address that it sent
// to; the second part gives the ends in the proxy's header (message/proxy_header.h).
constexpr uint32_t kProxiedEnvelopeSize = 128;
constexpr uint32_t kEnvelopeProxied = 64;
constexpr uint32_t kEnvelopeRealPort = 66;
constexpr uint32_t kEnvelopeRealLocalPort = 68;
constexpr uint32_t kEnvelopeRealAddress = 72;
constexpr uint32_t kEnvelopeRealLocalAddress = 88;

// The fields of an envelope that JavaScript also reads.
#define LAYOUT_ENVELOPE(X)                                                                                         \
  X(kEnvelopeFamily, family, "Family of the client's address: 4 or 6.")                                            \
  X(kEnvelopeClientPort, clientPort, "Two bytes, in network byte order.")                                          \
  X(kEnvelopeClientAddress4, clientAddress4, "Four bytes, in network byte order.")                                 \
  X(kEnvelopeClientAddress6, clientAddress6, "Sixteen bytes, in network byte order.")                              \
  X(kEnvelopeLocalFamily, localFamily, "4 or 6; 0: the address that the socket is bound to.")                      \
  X(kEnvelopeLocalAddress, localAddress, "Four or sixteen bytes, in network byte order.")                          \
  X(kEnvelopeSocket, socket, "The socket's number: four bytes, little-endian.")                                    \
  X(kEnvelopeConnection, connection, "TCP: the connection's number: four bytes, little-endian.")                   \
  X(kEnvelopeProxied, proxied,                                                                                     \
    "1: a proxy has given the ends that follow. Long envelopes have this and what follows.")                       \
  X(kEnvelopeRealPort, realPort, "The port of the proxy's client: two bytes, in network byte order.")              \
  X(kEnvelopeRealLocalPort, realLocalPort, "The port that the client asked: two bytes, in network byte order.")    \
  X(kEnvelopeRealAddress, realAddress, "The address of the proxy's client: sixteen bytes, in network byte order.") \
  X(kEnvelopeRealLocalAddress, realLocalAddress,                                                                   \
    "The address that the client asked: sixteen bytes, in network byte order.")

// A longer query is dropped; real queries are much shorter. A slot has 37 cache lines: with an odd number, the starts
// of the slots fall into different sets of the processor's cache.
constexpr uint32_t kSlotStride = 37 * 64;
constexpr uint32_t kMaxDatagram = kSlotStride - kEnvelopeSize;

// A name has at most 255 octets (RFC 1035 s.2.3.4), each at most four characters (`\DDD`). There are two spellings of
// it.
constexpr uint32_t kMaxText = 255 * 4;
constexpr uint32_t kTextOffset = kBatchSize * kSlotStride;
constexpr uint32_t kTextSize = kBatchSize * kMaxText * 2;

constexpr uint32_t kOutputOffset = kTextOffset + kTextSize;
constexpr uint32_t kOutputSize = 128 * 1024;
constexpr uint32_t kSlabSize = kOutputOffset + kOutputSize;

// The row of a query. It consists of 32-bit words.
constexpr uint32_t kQueryWords = 24;
#define LAYOUT_QUERY(X)                                                                                        \
  X(kOffset, offset, "Offset of the message in the input (UDP: the slab; TCP: the chunk).")                    \
  X(kLength, length, "Length of the message in bytes.")                                                        \
  X(kIdAndFlags, idAndFlags, "ID in the upper 16 bits, the header's flags in the lower.")                      \
  X(kTypeAndClass, typeAndClass, "QTYPE in the upper 16 bits, QCLASS in the lower.")                           \
  X(kQuestionEnd, questionEnd, "Offset from the message's start to the first byte after the question.")        \
  X(kKeyOffset, keyOffset, "Offset in the text region of the name in lower case (escapes: RFC 1035 s.5.1).")   \
  X(kKeyLength, keyLength, "Length of the name in characters, in either spelling.")                            \
  X(kNameOffset, nameOffset, "As keyOffset, with the client's spelling; equal to it when that is lower case.") \
  X(kEdns, edns, "1: there is an OPT record.")                                                                 \
  X(kEdnsSizeAndFlags, ednsSizeAndFlags,                                                                       \
    "OPT: UDP payload size in the upper 16 bits, flags (DO: 0x8000) in the lower.")                            \
  X(kOptionsOffset, optionsOffset, "OPT: offset from the message's start to its RDATA.")                       \
  X(kOptionsLength, optionsLength, "OPT: RDLENGTH.")                                                           \
  X(kAsked, asked, "OPT: the options that native code answers, as bits.")                                      \
  X(kTsig, tsig, "Offset from the message's start to its TSIG record, the last one; 0: there is none.")        \
  X(kVerdict, verdict, "A verdict. Rows of datagrams are always `query`.")                                     \
  X(kHasCookie, hasCookie, "1: the reply carries the cookie that follows.")                                    \
  X(kTakenUp, takenUp, "With a query log: when the query was taken up, in microseconds of its clock.")         \
  X(kCookie, cookie, "The first of six words with the 24 octets of a cookie, four a word, the first one highest.")
enum QueryWord : uint32_t { LAYOUT_QUERY(LAYOUT_MEMBER) kQueryWordsUsed = kCookie + 6 };
static_assert(kQueryWordsUsed <= kQueryWords, "a row has room for its words");

// The verdict on a message.
#define LAYOUT_VERDICT(X)                             \
  X(kVerdictQuery, query, "A query for the handler.") \
  X(kVerdictDrop, drop, "To be dropped.")             \
  X(kVerdictReply, reply, "Answered: the reply has replaced the message.")
enum RowVerdict : uint32_t { LAYOUT_VERDICT(LAYOUT_MEMBER) };

// The input and output of a StreamAdmission, besides the rows.
#define LAYOUT_STREAM(X)                                                                            \
  X(kStreamMost, most, "In: rows that may be filled, at most batchSize.")                           \
  X(kStreamConsumed, consumed, "Out: offset in the input of the first byte that was not consumed.") \
  X(kStreamAnswersEnd, answersEnd, "In: offset in the output for answers. Out: offset of their end.")
enum StreamWord : uint32_t { LAYOUT_STREAM(LAYOUT_MEMBER) kStreamWords };

// outbox[0] is the number of entries that follow.
constexpr uint32_t kOutboxEntries = 256;
#define LAYOUT_OUTBOX(X)                                           \
  X(kOutEnvelope, envelope, "Offset of the envelope in the slab.") \
  X(kOutMessage, message, "Offset of the message in the slab.")    \
  X(kOutLength, length, "Length of the message in bytes.")         \
  X(kOutOpt, opt, "Offset of the OPT record from the message's start; 0: there is none.")
enum OutboxWord : uint32_t { LAYOUT_OUTBOX(LAYOUT_MEMBER) kOutboxEntryWords };

// The memory that a TcpEndpoint shares with JavaScript. Its slab begins with the text region. Then come the messages of
// a batch, each after its envelope, and then the replies, each after two free bytes for its length. JavaScript does not
// use the rest: the answers of native code, and what one call has received.
constexpr uint32_t kMaxFrame = 2 + 0xffff;
constexpr uint32_t kTcpInputOffset = kTextSize;
constexpr uint32_t kTcpInputSize = 256 * 1024;
constexpr uint32_t kTcpOutputOffset = kTcpInputOffset + kTcpInputSize;
constexpr uint32_t kTcpAnswersOffset = kTcpOutputOffset + 4 * kMaxFrame;
constexpr uint32_t kTcpReceiveOffset = kTcpAnswersOffset + 256 * 1024;
constexpr uint32_t kTcpReceiveSize = 64 * 1024;
constexpr uint32_t kTcpSlabSize = kTcpReceiveOffset + kTcpReceiveSize;
constexpr uint32_t kTcpOutboxEntries = 256;

// An entry for each query that needs no reply any more. The first word of the outbox is the number of entries.
#define LAYOUT_TCP_REPLY(X)                                      \
  X(kTcpReplyConnection, connection, "The connection's number.") \
  X(kTcpReplyOffset, offset, "Offset of the reply in the slab.") \
  X(kTcpReplyLength, length, "Length of the reply in bytes; 0: the query gets none.")
enum TcpReplyWord : uint32_t { LAYOUT_TCP_REPLY(LAYOUT_MEMBER) kTcpReplyWords };

// The settings of a TcpEndpoint, in ms and as numbers.
#define LAYOUT_TCP_SETTING(X)                                                                    \
  X(kTcpMessageTime, messageTimeout, "The time for a message, from its first byte to its last.") \
  X(kTcpIdleTime, idleTimeout, "The time between messages.")                                     \
  X(kTcpWriteTime, writeTimeout, "The time for reading any of the waiting replies.")             \
  X(kTcpLingerTime, lingerTimeout, "The time to close the client's side after the server's.")    \
  X(kTcpMaxPipelined, maxPipelined, "The most queries of a connection in flight.")               \
  X(kTcpMaxQueries, maxQueries, "The most queries of a connection; 4,294,967,295: any number.")  \
  X(kTcpMaxConnections, maxConnections, "The most connections of the server.")                   \
  X(kTcpMaxConnectionsPerClient, maxConnectionsPerClient, "The most connections of a client.")   \
  X(kTcpBacklog, backlog, "Length of an accept queue.")                                          \
  X(kTcpReserve, reserve, "Descriptors that are left for other uses.")
enum TcpSetting : uint32_t { LAYOUT_TCP_SETTING(LAYOUT_MEMBER) kTcpSettings };

// Counters are 64-bit floats, exact up to 2^53. Only one thread at a time writes a counter.
#define LAYOUT_SOCKET_COUNTERS(X)                                       \
  X(kSocketQueries, queries, "UDP: datagrams received; TCP: messages.") \
  X(kSocketBatches, batches, "UDP: system calls that received them.")   \
  X(kSocketConnections, connections, "TCP: connections accepted.")
enum SocketCounter : uint32_t { LAYOUT_SOCKET_COUNTERS(LAYOUT_MEMBER) kSocketCounters };
constexpr uint32_t kSocketRow = 4;

#define LAYOUT_WORKER_COUNTERS(X)                                                                                      \
  X(kReceived, received, "Datagrams received.")                                                                        \
  X(kBatches, batches, "Batches received.")                                                                            \
  X(kSent, sent, "Datagrams sent.")                                                                                    \
  X(kSegmentedSends, segmentedSends, "Datagrams sent together with others as one message (UDP_SEGMENT).")              \
  X(kSendRetries, sendRetries, "Attempts repeated because the kernel had no room for a datagram.")                     \
  X(kSendFailures, sendFailures, "Datagrams that the kernel did not take.")                                            \
  X(kDroppedShort, droppedShort, "Messages under 12 bytes, dropped.")                                                  \
  X(kDroppedResponse, droppedResponse, "Messages with QR=1, dropped.")                                                 \
  X(kDroppedPortZero, droppedPortZero, "Datagrams from port 0, dropped.")                                              \
  X(kDroppedOversize, droppedOversize, "Datagrams longer than a receive slot, dropped.")                               \
  X(kDroppedStale, droppedStale, "Datagrams that waited in the kernel for longer than maxQueueDelay, dropped.")        \
  X(kFormatErrors, formatErrors, "Messages answered with FORMERR.")                                                    \
  X(kNotImplemented, notImplemented, "Messages answered with NOTIMP.")                                                 \
  X(kBadVersions, badVersions, "Messages answered with BADVERS.")                                                      \
  X(kCacheHits, cacheHits, "Queries answered from the cache.")                                                         \
  X(kZoneAnswers, zoneAnswers, "Queries answered from a zone in native code, without a handler.")                      \
  X(kBadCookies, badCookies, "Messages answered with BADCOOKIE.")                                                      \
  X(kRateLimitDropped, rateLimitDropped, "Excess responses, dropped (reportOnly: counted and sent).")                  \
  X(kRateLimitSlipped, rateLimitSlipped, "Excess responses, truncated (reportOnly: sent whole).")                      \
  X(kRateLimitBypassed, rateLimitBypassed, "Messages not charged because of a valid cookie.")                          \
  X(kTcpQueries, tcpQueries, "Messages received by TCP and TLS.")                                                      \
  X(kTcpReplies, tcpReplies, "Messages sent by TCP and TLS.")                                                          \
  X(kTcpAccepted, tcpAccepted, "Connections accepted.")                                                                \
  X(kTcpAcceptFailures, tcpAcceptFailures, "Failures to accept a waiting connection, mostly for lack of descriptors.") \
  X(kTcpPaused, tcpPaused, "Times that connections had to wait in the kernel, because descriptors ran out.")           \
  X(kTcpOpen, tcpOpen, "Connections open at this moment.")                                                             \
  X(kTcpRefused, tcpRefused, "Connections reset at once, because of the total cap.")                                   \
  X(kTcpRefusedClient, tcpRefusedClient, "Connections reset at once, because of the cap of their client.")             \
  X(kTcpIdle, tcpIdle, "Connections closed because nothing came.")                                                     \
  X(kTcpMessageTimeout, tcpMessageTimeout, "Connections closed because a message was not complete in time.")           \
  X(kTcpWriteTimeout, tcpWriteTimeout, "Connections closed because the client did not read its replies.")              \
  X(kProxyRefused, proxyRefused, "Datagrams dropped and connections closed: their PROXY header is invalid, or missing.")
enum WorkerCounter : uint32_t { LAYOUT_WORKER_COUNTERS(LAYOUT_MEMBER) kWorkerCounters };
constexpr uint32_t kWorkerRow = 64;

// The memory that a UdpClient shares with JavaScript. Its slab begins with slots as above, which receive answers. The
// answers of a batch are then packed at the beginning of the slab. The queries to be sent follow the slots.
constexpr uint32_t kClientQueriesOffset = kBatchSize * kSlotStride;
constexpr uint32_t kClientQueriesSize = 64 * 1024;
constexpr uint32_t kClientSlabSize = kClientQueriesOffset + kClientQueriesSize;
// Few enough that two guesses on average find a free ID.
constexpr uint32_t kMaxOutstanding = 32 * 1024;

// clientOutbox[0] is the number of entries that follow.
constexpr uint32_t kClientOutboxEntries = 256;
#define LAYOUT_ASK(X)                                                                                      \
  X(kAskUpstream, upstream, "The upstream's number.")                                                      \
  X(kAskHandle, handle, "JavaScript's number for the query.")                                              \
  X(kAskOffset, offset, "Offset of the message in the slab.")                                              \
  X(kAskLength, length, "Length of the message in bytes.")                                                 \
  X(kAskQuestionEnd, questionEnd, "Offset from the message's start to the first byte after the question.") \
  X(kAskError, error, "Set by native code: 0, or why it was not sent, an errno.")
enum ClientOutboxWord : uint32_t { LAYOUT_ASK(LAYOUT_MEMBER) kClientOutboxWords };

// A row for each finished query. Every row has `handle` and `outcome`. With kUnreachable it also has `error`, and at
// `offset` the text of the address and port that the query left from. With kAnswered it has all fields but `error`.
#define LAYOUT_ANSWER(X)                                                                                 \
  X(kAnswerHandle, handle, "JavaScript's number for the query.")                                         \
  X(kAnswerOutcome, outcome, "An outcome.")                                                              \
  X(kAnswerOffset, offset, "Offset of the message in the slab.")                                         \
  X(kAnswerLength, length, "Length of the message in bytes.")                                            \
  X(kAnswerQuestionEnd, questionEnd, "Offset from the message's start to its records.")                  \
  X(kAnswerRecordsEnd, recordsEnd, "Offset from the message's start to the end of its records.")         \
  X(kAnswerFlagsAndRcode, flagsAndRcode, "Flags in the upper 16 bits, the extended RCODE in the lower.") \
  X(kAnswerAnswers, answers, "Records in the answer section.")                                           \
  X(kAnswerAuthorities, authorities, "Records in the authority section.")                                \
  X(kAnswerAdditionals, additionals, "Records in the additional section, without OPT.")                  \
  X(kAnswerOptionsOffset, optionsOffset, "OPT: offset from the message's start to its RDATA.")           \
  X(kAnswerOptionsLength, optionsLength, "OPT: RDLENGTH.")                                               \
  X(kAnswerError, error, "An errno.")
enum AnswerWord : uint32_t { LAYOUT_ANSWER(LAYOUT_MEMBER) kAnswerWords };

#define LAYOUT_OUTCOME(X)                                                              \
  X(kAnswered, answered, "An answer came.")                                            \
  X(kTruncated, truncated, "The answer has TC set, or is longer than a slot.")         \
  X(kMalformed, malformed, "The answer cannot be read.")                               \
  X(kUnreachable, unreachable, "The kernel reports that the upstream is unreachable.") \
  X(kMisspelt, misspelt, "The question came back with other upper and lower case.")    \
  X(kGuessed, guessed, "Answers to the query were being guessed.")                     \
  X(kUnmatched, unmatched, "On a stream: the message does not answer the query.")
enum AnswerOutcome : uint32_t { LAYOUT_OUTCOME(LAYOUT_MEMBER) };

#define LAYOUT_KIND(X)                                                 \
  X(kData, data, "The records that were asked for.")                   \
  X(kDenial, denial, "There are no such records: an SOA denies them.") \
  X(kReferral, referral, "Name servers to ask.")                       \
  X(kNothing, nothing, "None of these: not cached by default.")        \
  X(kFailure, failure, "A response code other than NOERROR and NXDOMAIN.")
enum AnswerKind : uint32_t { LAYOUT_KIND(LAYOUT_MEMBER) };

// How an answer cache stores a reply.
#define LAYOUT_KEEPING(X)                                                                         \
  X(kKeepingTransport, transport, "The query's transport, as an index into `transports`.")        \
  X(kKeepingOpt, opt, "Offset of the OPT record in the reply; 0: there is none.")                 \
  X(kKeepingMaxTtl, maxTtl, "The longest lifetime, in seconds.")                                  \
  X(kKeepingVaryBy, varyBy, "The sum of 1 (local address), 2 (client's network) and 4 (client).") \
  X(kKeepingGeneration, generation, "The generation of the cache when the handler began.")        \
  X(kKeepingScope, scope, "1 more than the scope of its Client Subnet, the last option; 0: none.")
enum KeepingWord : uint32_t { LAYOUT_KEEPING(LAYOUT_MEMBER) kKeepingWords };

// The ring of a worker's query log: these words, and then the records.
constexpr uint32_t kLogRing = 64;
#define LAYOUT_LOG(X)                                                         \
  X(kLogWritten, written, "Octets that the worker has written, modulo 2^32.") \
  X(kLogRead, read, "Octets that the owner has read, modulo 2^32.")           \
  X(kLogLost, lost, "Records for which there was no room, modulo 2^32.")      \
  X(kLogRing, records, "Words before the records.")
// Each word has a cache line of its own.
enum LogWord : uint32_t { kLogWritten = 0, kLogRead = 16, kLogLost = 32 };

// A record of the query log: these words, the octets of a QueryOrigin, the query and the reply. Records are aligned to
// eight octets.
constexpr uint32_t kLogSkip = 0x80000000;
constexpr uint32_t kLogCached = 1;
#define LAYOUT_LOG_RECORD(X)                                                                                        \
  X(kLogSize, size, "Octets of the record. With the highest bit set it has no contents.")                           \
  X(kLogFlags, flags, "The response code in the upper 16 bits; 1 in the lower: a cache has answered.")              \
  X(kLogLatency, latency, "Microseconds from when the query was taken up to when its reply was ready.")             \
  X(kLogLengths, lengths, "Octets of the query that follow in the upper 16 bits; those of the reply in the lower.") \
  X(kLogReplyLength, replyLength, "Octets of the reply; 0: none is sent.")                                          \
  X(kLogSeconds, seconds, "When the reply was ready: seconds since 1970.")                                          \
  X(kLogNanoseconds, nanoseconds, "The rest of that time.")
enum LogRecordWord : uint32_t { LAYOUT_LOG_RECORD(LAYOUT_MEMBER) kLogWords };

// Sizes and counts.
#define LAYOUT_NUMBERS(X)                                                                                    \
  X(kBatchSize, batchSize, "Datagrams in a batch.")                                                          \
  X(kEnvelopeSize, envelopeSize, "Bytes of an envelope, which the message follows.")                         \
  X(kProxiedEnvelopeSize, proxiedEnvelopeSize, "Bytes of an envelope where proxies are believed.")           \
  X(kSlotStride, slotStride, "Bytes of a receive slot.")                                                     \
  X(kTextOffset, textOffset, "Offset of the text region in the slab; it has 2 * batchSize * maxText bytes.") \
  X(kMaxText, maxText, "The longest presentation form of a name, in characters.")                            \
  X(kOutputOffset, outputOffset, "Offset of the output region in the slab.")                                 \
  X(kOutputSize, outputSize, "Bytes of the output region.")                                                  \
  X(kSlabSize, slabSize, "Bytes of a slab.")                                                                 \
  X(kQueryWords, queryWords, "Words of a query's row.")                                                      \
  X(kStreamWords, streamWords, "Words of the input and output of a StreamAdmission.")                        \
  X(kOutboxEntryWords, outboxEntryWords, "Words of an entry in the outbox.")                                 \
  X(kOutboxEntries, outboxEntries, "The most entries in the outbox.")                                        \
  X(kSocketRow, socketRow, "Float64 elements of a socket's row of counters.")                                \
  X(kLogWords, logRecordWords, "Words of a record of the query log.")                                        \
  X(kWorkerRow, workerRow, "Float64 elements of a worker's row of counters.")

// Sizes and counts of the memory of a TcpEndpoint.
#define LAYOUT_TCP(X)                                                     \
  X(kTcpOutputOffset, outputOffset, "Offset in the slab of the replies.") \
  X(kTcpAnswersOffset, outputEnd, "Offset of the end of the replies.")    \
  X(kTcpSlabSize, slabSize, "Bytes of the slab.")                         \
  X(kMaxFrame, maxFrame, "Bytes of the longest message and its length.")  \
  X(kTcpOutboxEntries, outboxEntries, "The most entries in the outbox.")  \
  X(kTcpReplyWords, replyWords, "Words of an entry in the outbox.")       \
  X(kTcpSettings, settings, "Words of the settings.")

// Sizes and counts of the memory of a UdpClient.
#define LAYOUT_CLIENT(X)                                                                   \
  X(kClientQueriesOffset, queriesOffset, "Offset in the slab of the messages to be sent.") \
  X(kClientSlabSize, slabSize, "Bytes of the slab.")                                       \
  X(kMaxOutstanding, maxOutstanding, "All handles are below this.")                        \
  X(kClientOutboxEntries, outboxEntries, "The most entries in the outbox.")                \
  X(kClientOutboxWords, outboxWords, "Words of an entry in the outbox.")                   \
  X(kAnswerWords, answerWords, "Words of a row of answers.")

// Writes a number of an envelope, little-endian, as JavaScript reads it.
inline void write_number(uint8_t* at, uint32_t number) {
  for (unsigned i = 0; i < 4; i++) at[i] = static_cast<uint8_t>(number >> (8 * i));
}

// Writes the number of the socket that received a message.
inline void write_socket(uint8_t* envelope, uint32_t number) { write_number(envelope + kEnvelopeSocket, number); }

inline uint32_t read_socket(const uint8_t* envelope) {
  uint32_t number = 0;
  for (unsigned i = 0; i < 4; i++) number |= static_cast<uint32_t>(envelope[kEnvelopeSocket + i]) << (8 * i);
  return number;
}

// Adds to a counter that other threads may read at any time.
inline void count(double* counter, double n = 1) {
  double value;
  __atomic_load(counter, &value, __ATOMIC_RELAXED);
  value += n;
  __atomic_store(counter, &value, __ATOMIC_RELAXED);
}

}  // namespace multisocket::layout

#endif  // MULTISOCKET_LAYOUT_H_
