#include "log/query_log.h"

#include <atomic>
#include <cstring>
#include <ctime>

#include "guard/random_key.h"
#include "message/query_origin.h"

namespace multisocket {
namespace {

constexpr size_t kMaxMessage = UINT16_MAX;
constexpr size_t kAlignment = 8;

// The words are shared with JavaScript, whose Atomics are lock-free too.
std::atomic<uint32_t>& shared(uint32_t* word) { return *reinterpret_cast<std::atomic<uint32_t>*>(word); }

static_assert(sizeof(std::atomic<uint32_t>) == sizeof(uint32_t) && std::atomic<uint32_t>::is_always_lock_free,
              "a word of the ring is an atomic word");

}  // namespace

QueryLog::QueryLog(uint32_t* ring, size_t size, double sample, bool messages)
    : ring_(ring),
      records_(reinterpret_cast<uint8_t*>(ring + layout::kLogRing)),
      size_(static_cast<uint32_t>(size)),
      threshold_(static_cast<uint64_t>(sample * 4294967296.0)),
      messages_(messages),
      random_(random_key().low | 1) {
  if (messages) kept_.resize(kMaxMessage);
}

uint32_t QueryLog::microseconds() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<uint32_t>(static_cast<uint64_t>(now.tv_sec) * 1000000 + static_cast<uint64_t>(now.tv_nsec) / 1000);
}

bool QueryLog::samples() {
  random_ ^= random_ << 13;
  random_ ^= random_ >> 7;
  random_ ^= random_ << 17;
  return (random_ >> 32) < threshold_;
}

const uint8_t* QueryLog::keep(const uint8_t* query, size_t length) {
  if (!messages_ || length > kept_.size()) return query;
  memcpy(kept_.data(), query, length);
  return kept_.data();
}

// Returns the place of a record of this size, or null if there is no room. The record is not published yet.
uint32_t* QueryLog::begin(size_t size) {
  const uint32_t written = ring_[layout::kLogWritten];
  const uint32_t room = size_ - (written - shared(ring_ + layout::kLogRead).load(std::memory_order_acquire));
  const uint32_t at = written & (size_ - 1);
  const uint32_t rest = size_ - at;
  const size_t needed = size <= rest ? size : rest + size;
  if (needed > room) {
    shared(ring_ + layout::kLogLost).fetch_add(1, std::memory_order_relaxed);
    return nullptr;
  }
  if (size <= rest) return reinterpret_cast<uint32_t*>(records_ + at);
  *reinterpret_cast<uint32_t*>(records_ + at) = rest | layout::kLogSkip;
  shared(ring_ + layout::kLogWritten).store(written + rest, std::memory_order_release);
  return reinterpret_cast<uint32_t*>(records_);
}

void QueryLog::record(const uint8_t* query, size_t length, size_t question_end, const uint8_t* origin, uint32_t started,
                      const Outcome& outcome) {
  const size_t query_size = messages_ ? length : question_end;
  const size_t reply_size = messages_ ? outcome.length : 0;
  const size_t fixed = layout::kLogWords * sizeof(uint32_t) + QueryOrigin::kSize;
  const size_t size = (fixed + query_size + reply_size + kAlignment - 1) / kAlignment * kAlignment;
  uint32_t* words = begin(size);
  if (words == nullptr) return;
  timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  words[layout::kLogSize] = static_cast<uint32_t>(size);
  words[layout::kLogFlags] = static_cast<uint32_t>(outcome.rcode) << 16 | (outcome.cached ? layout::kLogCached : 0);
  words[layout::kLogLatency] = microseconds() - started;
  words[layout::kLogLengths] = static_cast<uint32_t>(query_size) << 16 | static_cast<uint32_t>(reply_size);
  words[layout::kLogReplyLength] = static_cast<uint32_t>(outcome.length);
  words[layout::kLogSeconds] = static_cast<uint32_t>(now.tv_sec);
  words[layout::kLogNanoseconds] = static_cast<uint32_t>(now.tv_nsec);
  auto* octets = reinterpret_cast<uint8_t*>(words + layout::kLogWords);
  memcpy(octets, origin, QueryOrigin::kSize);
  memcpy(octets + QueryOrigin::kSize, query, query_size);
  if (reply_size > 0) memcpy(octets + QueryOrigin::kSize + query_size, outcome.reply, reply_size);
  shared(ring_ + layout::kLogWritten)
      .store(ring_[layout::kLogWritten] + static_cast<uint32_t>(size), std::memory_order_release);
}

}  // namespace multisocket
