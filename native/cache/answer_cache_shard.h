// The writers' side of one shard of a cache: its answers, under a lock, limited in octets.
//
// SIEVE (Zhang and others, NSDI 2024) chooses what to evict. Answers are in a queue in the order of their arrival. A
// hit is noted. A hand moves from the oldest answer to the newest, takes the notes of each, and evicts the first answer
// without one. Unlike least-recently-used, a hit moves nothing. Names that are asked for once, as in floods of random
// names, are evicted before names that are asked for again.
//
// An unlinked answer waits until no reader can be at it. A part of the arena is kept free for this. If that does not
// suffice, because a reader does not end its batch, new answers are dropped.
#ifndef MULTISOCKET_ANSWER_CACHE_SHARD_H_
#define MULTISOCKET_ANSWER_CACHE_SHARD_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>

#include "cache/answer_draft.h"
#include "cache/block_arena.h"
#include "cache/cache_state.h"
#include "cache/cache_table.h"
#include "cache/cached_answer.h"

namespace multisocket {

class alignas(kSlotAlignment) AnswerCacheShard {
 public:
  AnswerCacheShard() = default;
  AnswerCacheShard(const AnswerCacheShard&) = delete;
  AnswerCacheShard& operator=(const AnswerCacheShard&) = delete;

  // Must be called first. `number`: of this shard in `state`, which has its memory already.
  void open(const CacheState* state, size_t number);

  // Stores an answer; `hash`: the low bits of its key's hash. Returns false if it stores nothing: there is no room, the
  // cache was cleared since `generation`, or the answer must not replace the one that is there. `others`: this shard's
  // share of what the cache uses elsewhere.
  bool store(const AnswerDraft& draft, uint32_t hash, uint32_t now, size_t others, uint32_t generation);
  size_t clear(const std::function<bool(const CachedAnswer&)>& matches);
  void add_counters(CacheCounters* to);

 private:
  using Place = CachedAnswer::Place;
  using Link = CacheTable::Link;

  CachedAnswer* at(Place place) const { return CachedAnswer::at(base_, place); }
  CacheTable table() const { return CacheTable(head_->load()); }
  // A part of the arena is kept free for answers that wait for readers.
  size_t reserve() const { return arena_.capacity() / 16; }
  size_t limit(size_t others) const;
  bool is_to_stay(const CachedAnswer& old, const AnswerDraft& draft, uint32_t now) const;
  bool is_over(const CachedAnswer& answer, uint32_t now) const;
  Place make_room(size_t size, size_t leaving, size_t others, uint32_t now);
  void resize(uint16_t log2);
  Link* link_to(uint32_t hash, Place place) const;
  void insert(Place place, Place old);
  void remove(Place place);
  void unqueue(Place place);
  void wait_for_readers(Place place);
  bool reclaim();
  bool take_use(Place place) const;
  void evict(uint32_t now);

  std::mutex mutex_;
  const CacheState* state_ = nullptr;
  uint8_t* base_ = nullptr;
  CacheTable::Head* head_ = nullptr;
  BlockArena arena_;
  // The queue.
  Place oldest_ = 0;
  Place newest_ = 0;
  Place hand_ = 0;  // 0: the oldest answer
  // The table before the present one, while readers may use it, and the epoch in which it was replaced.
  Place old_table_ = 0;
  uint64_t old_table_replaced_in_ = 0;
  // Unlinked answers, in the order of their epochs.
  Place first_waiting_ = 0;
  Place last_waiting_ = 0;
  size_t waiting_bytes_ = 0;
  size_t linked_bytes_ = 0;
  size_t table_bytes_ = 0;  // both tables
  size_t entries_ = 0;
  uint64_t stores_ = 0;
  uint64_t dropped_ = 0;
  uint64_t evictions_ = 0;
};

}  // namespace multisocket

#endif  // MULTISOCKET_ANSWER_CACHE_SHARD_H_
