// A cache of replies, found by question. All threads of one server share it. It is divided into shards, each under its
// own lock, so that threads seldom wait for each other. A look-up that waits too long for a lock is a miss: asking the
// handler costs less than waiting.
#ifndef MULTISOCKET_ANSWER_CACHE_H_
#define MULTISOCKET_ANSWER_CACHE_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "cache/cache_key.h"
#include "cache/cached_answer.h"
#include "guard/siphash.h"
#include "message/message_view.h"

namespace multisocket {

class AnswerCacheShard;

class AnswerCache {
 public:
  struct Options {
    size_t max_bytes = 0;                  // total, including bookkeeping
    uint16_t payload_size = kPayloadSize;  // in our OPT records; the longest UDP reply
    uint32_t serve_stale_seconds = 0;      // how long an expired answer may still be sent (RFC 8767)
    uint32_t prefetch_hits = 0;            // an answer with this many hits is refreshed before it expires; 0: never
    uint32_t prefetch_gap = 0;             // seconds without a query after which the hits are counted anew; 0: never
    bool ignore_nsid = false;              // cache queries with NSID too; the caller adds NSID to the reply
    bool keep_ttl = false;                 // send answers with their original TTLs
    uint32_t prefetch_percent = 10;        // 1 to 90; the last part of an answer's life, in which it is refreshed
    bool looked_up_again = false;          // the handler behind look_up_first looks up again
    bool stale_first = true;               // whether look_up_first returns expired answers
    uint32_t stale_ttl = 30;               // seconds; the upper limit of the TTLs of a stale answer (RFC 8767 s.4)
    uint32_t refresh_interval = 30;        // seconds between two attempts to refresh an answer (RFC 8767 s.5)
    bool prefer_data = false;              // a denial does not replace data that may still be sent
  };

  struct Counters {
    uint64_t hits = 0;  // including stale answers
    uint64_t stale_hits = 0;
    uint64_t misses = 0;     // including contended look-ups
    uint64_t contended = 0;  // misses because a lock was taken
    uint64_t stores = 0;
    uint64_t evictions = 0;  // removals to make room; replaced and cleared answers do not count
    uint64_t bytes = 0;      // in use, including the tables of an empty cache
    uint64_t entries = 0;
  };

  struct Found {
    size_t length = 0;  // of the reply; 0: a miss
    size_t opt = 0;     // offset of the OPT in the reply; 0: the reply has no OPT
    bool stale = false;
    // A miss although there is an answer: the answer has expired or is about to. The caller asks the handler and stores
    // its reply. Only one caller at a time gets this flag. If it stores nothing, another caller gets the flag after
    // `refresh_interval`.
    bool refresh = false;
  };

  explicit AnswerCache(const Options& options);
  ~AnswerCache();
  AnswerCache(const AnswerCache&) = delete;
  AnswerCache& operator=(const AnswerCache&) = delete;

  // Writes the reply to a query whose verdict is kQuery into `out`, which may be `query` itself. A reply longer than
  // `capacity` is a miss. A miss does not change `out`. `now`: seconds of a monotonic clock that all threads share; it
  // may wrap around. `allow_stale`: an expired answer is acceptable if there is no other; its TTLs are at most
  // `stale_ttl` seconds (RFC 8767 s.4).
  Found look_up(const uint8_t* query, const MessageView& view, const Origin& origin, uint32_t now, bool allow_stale,
                uint8_t* out, size_t capacity);

  // Looks up before a handler is called. With `looked_up_again` the handler looks up again on a miss. A query that
  // should refresh an answer is then an ordinary miss here, and a miss changes neither the counters nor the answer.
  Found look_up_first(const uint8_t* query, const MessageView& view, const Origin& origin, uint32_t now, uint8_t* out,
                      size_t capacity);

  // Stores the reply that a handler gave to `query`, and replaces an earlier one. Returns false if it stores nothing.
  // The query or the reply may be uncacheable (CacheKey::read, CachedAnswer::make), or the reply too long for a shard.
  // A reply that was begun before a clear is not stored, since the clear may have been meant to remove it. A failure
  // does not replace an answer that may still be sent, stale or not (RFC 8767 s.4). All answers to one question should
  // vary by the same properties. If they do not, a look-up tries the one that varies by more first.
  bool store(const uint8_t* query, const MessageView& view, const Origin& origin, const Answer& answer, uint32_t now);

  // Changes with each clear. An answer is stored with the generation at which its handler began.
  uint32_t generation() const { return generation_.load(std::memory_order_acquire); }

  // Each returns the number of answers removed.
  size_t clear();
  // `name`: a complete name in wire format, in upper or lower case. `subtree`: also removes all names below it.
  size_t clear(const uint8_t* name, size_t length, bool subtree);

  // Whether any answer varies by the client's or the local address. Only then does `origin` need addresses.
  bool varies() const { return variations_.load(std::memory_order_relaxed) > 1; }

  // May be called at any time from any thread. Each number is exact, but they may be of different moments.
  Counters counters() const;

 private:
  // How a look-up behaves.
  struct Manner {
    bool allow_stale;
    bool leaves_misses;  // another look-up follows and counts the miss
  };

  friend class AnswerCacheShard;
  Found look_up(const uint8_t* query, const MessageView& view, const Origin& origin, uint32_t now, Manner manner,
                uint8_t* out, size_t capacity);
  AnswerCacheShard& shard(uint64_t hash) const;
  uint64_t hash(const CacheKey& key) const { return siphash<1, 3>(hash_key_, key.data(), key.size()); }

  SipKey hash_key_;  // random
  uint16_t payload_size_;
  AddedOptions added_;
  Manner first_manner_;
  size_t shard_count_;
  std::unique_ptr<AnswerCacheShard[]> shards_;
  // One bit for each variation that was ever stored. A look-up tries only these.
  std::atomic<uint8_t> variations_{0};
  std::atomic<uint32_t> generation_{0};
};

}  // namespace multisocket

#endif  // MULTISOCKET_ANSWER_CACHE_H_
