// One shard of an answer cache: a table of answers under a lock, limited in bytes.
//
// SIEVE (Zhang and others, NSDI 2024) chooses what to evict. Answers are in a queue in the order of their arrival. A
// hit sets a bit. A hand moves from the oldest answer to the newest, clears the bit where it is set, and evicts the
// first answer without it. Unlike least-recently-used, a hit moves nothing. Names that are asked for once, as in floods
// of random names, are evicted before names that are asked for again.
#ifndef MULTISOCKET_ANSWER_CACHE_SHARD_H_
#define MULTISOCKET_ANSWER_CACHE_SHARD_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>

#include "cache/answer_cache.h"
#include "cache/cached_answer.h"

namespace multisocket {

// Aligned to a cache line, so that threads in two shards do not share one.
class alignas(64) AnswerCacheShard {
 public:
  AnswerCacheShard() = default;
  ~AnswerCacheShard();
  AnswerCacheShard(const AnswerCacheShard&) = delete;
  AnswerCacheShard& operator=(const AnswerCacheShard&) = delete;

  // Must be called first. `options.max_bytes` is the share of this shard.
  void open(const AnswerCache::Options& options);

  // Looks up one key, as AnswerCache::look_up does. `hash` is the hash of the key.
  AnswerCache::Found look_up(const CacheKey& key, uint64_t hash, const uint8_t* query, const MessageView& view,
                             uint32_t now, AnswerCache::Manner manner, uint8_t* out, size_t capacity);
  // Also returns false if `current` no longer equals `generation`.
  bool store(CachedAnswer::Owner answer, uint64_t hash, uint32_t now, const std::atomic<uint32_t>& current,
             uint32_t generation);
  size_t clear(const std::function<bool(const CachedAnswer&)>& matches);

  void count_miss() { misses_.fetch_add(1, std::memory_order_relaxed); }
  void add_counters(AnswerCache::Counters* to) const;

 private:
  using Counter = std::atomic<uint64_t>;

  // Adds to a counter that is written only under the lock.
  static void add(Counter* counter, uint64_t n) {
    counter->store(counter->load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
  }
  size_t empty_size() const { return sizeof *this + bucket_count_ * sizeof(CachedAnswer*); }
  static uint32_t low(uint64_t hash) { return static_cast<uint32_t>(hash); }
  CachedAnswer** bucket(uint32_t hash) const { return &buckets_[hash & (bucket_count_ - 1)]; }
  CachedAnswer* find(const uint8_t* key, size_t length, uint32_t hash) const;
  bool is_to_refresh(const CachedAnswer& answer, uint32_t age, uint32_t hits) const;
  bool is_to_stay(const CachedAnswer& old, const CachedAnswer& answer, uint32_t now) const;
  void resize(uint32_t count);
  void insert(CachedAnswer* answer);
  void remove(CachedAnswer* answer);
  void evict(uint32_t now);

  std::mutex mutex_;
  AnswerCache::Options options_;
  uint32_t bucket_count_ = 0;  // a power of two
  std::unique_ptr<CachedAnswer*[]> buckets_;
  CachedAnswer* oldest_ = nullptr;
  CachedAnswer* newest_ = nullptr;
  CachedAnswer* hand_ = nullptr;  // null: the oldest answer
  Counter hits_{0};
  Counter stale_hits_{0};
  Counter misses_{0};
  Counter contended_{0};
  Counter stores_{0};
  Counter evictions_{0};
  Counter bytes_{0};
  Counter entries_{0};
};

}  // namespace multisocket

#endif  // MULTISOCKET_ANSWER_CACHE_SHARD_H_
