// Replies by question, for all threads that serve one server: warm for all of them as soon as one has answered. Shards,
// each under its own lock, keep threads out of each other's way; a look-up that finds a lock taken for long is a miss,
// since an answer by the handler costs less than waiting.
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
    size_t max_bytes = 0;                  // in all, bookkeeping included
    uint16_t payload_size = kPayloadSize;  // of our OPT records, and the longest UDP reply
    uint32_t serve_stale_seconds = 0;      // how long after its end an answer may be given as stale (RFC 8767)
    uint32_t prefetch_hits = 0;            // an answer asked for this often is refreshed before its end; 0: none is
    uint32_t prefetch_gap = 0;             // seconds without a query after which the count starts again; 0: never
    bool ignore_nsid = false;              // NSID is no reason against the cache: whoever gives an answer out adds it
    bool keep_ttl = false;                 // give answers with the TTLs that they came with
    uint32_t prefetch_percent = 10;        // of its life: how near to its end, 1 to 90
    bool looked_up_again = false;          // by the handler behind a look_up_first: see there
    bool stale_first = true;               // whether look_up_first gives what is past its end
    uint32_t stale_ttl = 30;               // seconds; the most that a stale answer's TTLs say (RFC 8767 s.4)
    uint32_t refresh_interval = 30;        // seconds between two tries to renew an answer (RFC 8767 s.5)
    bool prefer_data = false;              // a denial does not replace data that may still be given
  };

  struct Counters {
    uint64_t hits = 0;  // stale ones included
    uint64_t stale_hits = 0;
    uint64_t misses = 0;     // contended ones included
    uint64_t contended = 0;  // misses because a lock was taken
    uint64_t stores = 0;
    uint64_t evictions = 0;  // to make room; neither replaced nor cleared ones
    uint64_t bytes = 0;      // in use, an empty cache's tables included
    uint64_t entries = 0;
  };

  struct Found {
    size_t length = 0;  // of the reply; 0: a miss
    size_t opt = 0;     // where in the reply its OPT begins; 0: it has none
    bool stale = false;
    // A miss though there is an answer: the caller has the handler answer and stores what it says, because the answer
    // is about to end or has. That falls to one caller at a time, and to another after `refresh_interval` where
    // nothing was stored.
    bool refresh = false;
  };

  explicit AnswerCache(const Options& options);
  ~AnswerCache();
  AnswerCache(const AnswerCache&) = delete;
  AnswerCache& operator=(const AnswerCache&) = delete;

  // Writes the reply to a query whose verdict was kQuery into `out`, which may be `query` itself. What is longer than
  // `capacity` is a miss, and leaves `out` alone, as every miss does. `now`: seconds of a clock that only goes forward,
  // the same for all threads; it may wrap around. `allow_stale`: where nothing else is there, an answer past its end
  // will do, with TTLs of at most `stale_ttl` seconds (RFC 8767 s.4).
  Found look_up(const uint8_t* query, const MessageView& view, const Origin& origin, uint32_t now, bool allow_stale,
                uint8_t* out, size_t capacity);

  // A look-up before a handler. With `looked_up_again` the handler looks up for itself what is not found here: then the
  // query that is to renew an answer goes on to it as any other miss, and a miss leaves no trace, neither in the
  // counters nor in the answer.
  Found look_up_first(const uint8_t* query, const MessageView& view, const Origin& origin, uint32_t now, uint8_t* out,
                      size_t capacity);

  // Keeps the reply that a handler gave to `query`, in place of what was kept for such queries. False: not kept,
  // because the query or the reply is not of a kind to be cached (CacheKey::read, CachedAnswer::make), or too long for
  // a shard. All answers to one question should vary by the same: where they do not, the one that varies by more comes
  // first. Not kept is what began before a clear: it may be of what the clear was to remove. Nor does a failure replace
  // what may still be given, as stale or not (RFC 8767 s.4).
  bool store(const uint8_t* query, const MessageView& view, const Origin& origin, const Answer& answer, uint32_t now);

  // Changes with each clear. What a handler answers is stored with the generation at which it began.
  uint32_t generation() const { return generation_.load(std::memory_order_acquire); }

  // Each returns how many it removed.
  size_t clear();
  // `name`: as on the wire, whole, in any spelling. `subtree`: with all names below it.
  size_t clear(const uint8_t* name, size_t length, bool subtree);

  // Whether any answer varies by where its query came from or went: only then does `origin` need addresses.
  bool varies() const { return variations_.load(std::memory_order_relaxed) > 1; }

  // At any time, from any thread; each number is exact, though not all are of one moment.
  Counters counters() const;

 private:
  // How to look up.
  struct Manner {
    bool allow_stale;
    bool leaves_misses;  // to another look-up
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
  // One bit for each variation that was ever stored: a look-up tries these and no others.
  std::atomic<uint8_t> variations_{0};
  std::atomic<uint32_t> generation_{0};
};

}  // namespace multisocket

#endif  // MULTISOCKET_ANSWER_CACHE_H_
