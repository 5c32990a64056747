// Where everything stands in the memory that native code and JavaScript share. JavaScript learns these numbers from the
// addon (`Layout` in lib/native/addon.ts), so that they are decided here alone.
#ifndef MULTISOCKET_LAYOUT_H_
#define MULTISOCKET_LAYOUT_H_

#include <cstdint>

namespace multisocket::layout {

// Most of what batching gains is there at 8 to 16 messages; 64 costs nothing more and carries bursts.
constexpr uint32_t kBatchSize = 64;

// An envelope says who sent a message and to which address; the message follows it directly, so that one copy takes
// both. The first 28 bytes are a sockaddr_in or sockaddr_in6 as the kernel wrote it.
constexpr uint32_t kEnvelopeSize = 64;
constexpr uint32_t kEnvelopeClientPort = 2;
constexpr uint32_t kEnvelopeClientAddress4 = 4;
constexpr uint32_t kEnvelopeClientAddress6 = 8;
constexpr uint32_t kEnvelopeNameSize = 28;
constexpr uint32_t kEnvelopeSocket = 28;
constexpr uint32_t kEnvelopeLocalAddress = 32;
constexpr uint32_t kEnvelopeLocalInterface = 48;
constexpr uint32_t kEnvelopeFamily = 52;       // 4 or 6
constexpr uint32_t kEnvelopeLocalFamily = 53;  // 4 or 6; 0 where the socket is bound to one address
constexpr uint32_t kEnvelopeStale = 54;        // 1 where the message waited longer than it may
constexpr uint32_t kEnvelopeUnlimited = 55;    // 1 where its reply is not charged (guard.h)

// A query that does not fit is dropped: real ones stay far below. 37 cache lines, an odd number, so that the heads of
// the slots fall into different sets of the processor's cache.
constexpr uint32_t kSlotStride = 37 * 64;
constexpr uint32_t kMaxDatagram = kSlotStride - kEnvelopeSize;

// A name has at most 255 octets (RFC 1035 s.2.3.4), each at most four characters (`\DDD`); two spellings of it.
constexpr uint32_t kMaxText = 255 * 4;
constexpr uint32_t kTextOffset = kBatchSize * kSlotStride;
constexpr uint32_t kTextSize = kBatchSize * kMaxText * 2;

constexpr uint32_t kOutputOffset = kTextOffset + kTextSize;
constexpr uint32_t kOutputSize = 128 * 1024;
constexpr uint32_t kSlabSize = kOutputOffset + kOutputSize;

// A query's row of 32-bit words.
constexpr uint32_t kQueryWords = 24;
enum QueryWord : uint32_t {
  kOffset,
  kLength,
  kIdAndFlags,
  kTypeAndClass,
  kQuestionEnd,
  kKeyOffset,
  kKeyLength,
  kNameOffset,
  kEdns,
  kEdnsSizeAndFlags,
  kOptionsOffset,
  kOptionsLength,
  kAsked,  // of AskedOption
  kVerdict,
  kHasCookie,  // 1 where the reply is to carry the cookie that follows
  kCookie,     // its octets, four a word, the first ones highest
  kQueryWordsUsed = kCookie + 6,
};
static_assert(kQueryWordsUsed <= kQueryWords, "a row has room for its words");

// outbox[0] counts the entries; an entry is: envelope's offset, message's offset, message's length, and where in the
// message its OPT begins, 0 without one.
constexpr uint32_t kOutboxEntryWords = 4;
constexpr uint32_t kOutboxEntries = 256;

// Counters are 64-bit floats, exact up to 2^53, each written by one thread at a time.
enum SocketCounter : uint32_t { kSocketQueries, kSocketBatches, kSocketCounters };
constexpr const char* kSocketCounterNames[kSocketCounters] = {"queries", "batches"};
constexpr uint32_t kSocketRow = 8;  // a cache line, so that workers do not share one

enum WorkerCounter : uint32_t {
  kReceived,
  kBatches,
  kSent,
  kSegmentedSends,
  kSendRetries,
  kSendFailures,
  kDroppedShort,
  kDroppedResponse,
  kDroppedPortZero,
  kDroppedOversize,
  kDroppedStale,
  kFormatErrors,
  kNotImplemented,
  kBadVersions,
  kCacheHits,
  kBadCookies,
  kRateLimitDropped,
  kRateLimitSlipped,
  kRateLimitBypassed,
  kWorkerCounters,
};
constexpr const char* kWorkerCounterNames[kWorkerCounters] = {
    "received",          "batches",          "sent",
    "segmentedSends",    "sendRetries",      "sendFailures",
    "droppedShort",      "droppedResponse",  "droppedPortZero",
    "droppedOversize",   "droppedStale",     "formatErrors",
    "notImplemented",    "badVersions",      "cacheHits",
    "badCookies",        "rateLimitDropped", "rateLimitSlipped",
    "rateLimitBypassed",
};
constexpr uint32_t kWorkerRow = 64;

// The memory that a UdpClient shares with JavaScript. Its slab: slots as above, into which answers are received and at
// whose beginning those of a batch are then packed; behind them the queries that are about to be sent.
constexpr uint32_t kClientQueriesOffset = kBatchSize * kSlotStride;
constexpr uint32_t kClientQueriesSize = 64 * 1024;
constexpr uint32_t kClientSlabSize = kClientQueriesOffset + kClientQueriesSize;
// So many that a free ID is found with two guesses on average.
constexpr uint32_t kMaxOutstanding = 32 * 1024;

// clientOutbox[0] counts the entries.
constexpr uint32_t kClientOutboxEntries = 256;
constexpr uint32_t kClientOutboxWords = 6;
enum ClientOutboxWord : uint32_t {
  kAskUpstream,
  kAskHandle,  // JavaScript's number for the query, below kMaxOutstanding; native code sets kUnsent where it failed
  kAskOffset,
  kAskLength,
  kAskQuestionEnd,
  kAskError,  // why it was not sent: an errno
};
constexpr uint32_t kUnsent = 0xffffffff;

// A row for each query that is done with.
constexpr uint32_t kAnswerWords = 13;
enum AnswerWord : uint32_t {
  kAnswerHandle,
  kAnswerOutcome,
  kAnswerOffset,
  kAnswerLength,
  kAnswerQuestionEnd,
  kAnswerRecordsEnd,
  kAnswerFlagsAndRcode,
  kAnswerAnswers,
  kAnswerAuthorities,
  kAnswerAdditionals,
  kAnswerOptionsOffset,
  kAnswerOptionsLength,
  kAnswerError,
};
// The row has only its handle for all but kAnswered and kUnreachable.
enum AnswerOutcome : uint32_t {
  kAnswered,
  kTruncated,
  kMalformed,
  kUnreachable,  // an errno; at the offset, the text of the address and port that the query left from
  kMisspelt,     // the question came back in another case than it was sent
  kGuessed,      // somebody guesses at the answer
  kUnmatched,    // a message on a stream that answers nothing
};

// The number of the socket that a message came through, little-endian as JavaScript reads it.
inline void write_socket(uint8_t* envelope, uint32_t number) {
  for (unsigned i = 0; i < 4; i++) envelope[kEnvelopeSocket + i] = static_cast<uint8_t>(number >> (8 * i));
}

inline uint32_t read_socket(const uint8_t* envelope) {
  uint32_t number = 0;
  for (unsigned i = 0; i < 4; i++) number |= static_cast<uint32_t>(envelope[kEnvelopeSocket + i]) << (8 * i);
  return number;
}

// Adds to a counter that other threads read at any time.
inline void count(double* counter, double n = 1) {
  double value;
  __atomic_load(counter, &value, __ATOMIC_RELAXED);
  value += n;
  __atomic_store(counter, &value, __ATOMIC_RELAXED);
}

}  // namespace multisocket::layout

#endif  // MULTISOCKET_LAYOUT_H_
