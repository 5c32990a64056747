// What one thread notes about the answers of a cache that it has sent: how many, and which. A hit writes nothing else.
// Only the thread itself adds to its notes. Writers read the notes of all threads when they choose what to evict, and
// take back there what they have considered.
//
// All operations are relaxed. The notes guide decisions and guard no memory. A note that is lost because a writer takes
// another one back at the same moment makes an answer a little less popular.
#ifndef MULTISOCKET_READER_NOTES_H_
#define MULTISOCKET_READER_NOTES_H_

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "cache/block_arena.h"
#include "cache/cached_answer.h"
#include "cache/shared_mapping.h"
#include "cache/slot_list.h"

namespace multisocket {

class alignas(kSlotAlignment) ReaderNotes : public ListedSlot<ReaderNotes> {
 public:
  // A count that one thread writes and others read.
  class Count {
   public:
    void add() { value_.store(value_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed); }
    uint64_t value() const { return value_.load(std::memory_order_relaxed); }

   private:
    std::atomic<uint64_t> value_{0};
  };

  // The hits of one key, since a reader last had none for a while. An answer that is renewed keeps them.
  struct alignas(8) Hits {
    uint32_t hash;   // the low bits of the key's hash
    uint16_t count;  // at most UINT16_MAX
    uint16_t last;   // seconds, the low bits
  };

  // For a cache with this many octets of answers. `counts_hits`: the hits of single answers are noted too.
  ReaderNotes(size_t answers_size, bool counts_hits);

  // The memory that the notes of such a cache take.
  static size_t size_of(size_t answers_size, bool counts_hits);

  Count hits;  // including stale answers
  Count stale_hits;
  Count misses;

  void note_use(CachedAnswer::Place place) {
    if (used_.data() == nullptr) return;
    std::atomic<uint32_t>& word = used_word(place);
    const uint32_t before = word.load(std::memory_order_relaxed);
    if ((before & used_bit(place)) == 0) word.store(before | used_bit(place), std::memory_order_relaxed);
  }

  // Returns whether the answer was used since the last call. Called by the writer of the answer's shard.
  bool take_use(CachedAnswer::Place place) {
    if (used_.data() == nullptr) return false;
    std::atomic<uint32_t>& word = used_word(place);
    if ((word.load(std::memory_order_relaxed) & used_bit(place)) == 0) return false;
    word.fetch_and(~used_bit(place), std::memory_order_relaxed);
    return true;
  }

  // Returns the hits that this thread has counted for a key. They are forgotten `gap` seconds after the last one; 0:
  // never.
  Hits hits_of(uint32_t hash, uint32_t now, uint32_t gap) const;
  // Replaces them, with one hit more. There is room for some thousand keys. If another key has the place, that one
  // loses a hit instead, and with the last one its place. Popular keys so stay among many others.
  void note_hits(const Hits& hits, uint32_t gap);

 private:
  // A bit for each possible place of an answer.
  static constexpr unsigned kPlacesPerBit = BlockArena::kMinBlock / BlockArena::kGranule;

  static uint32_t used_bit(CachedAnswer::Place place) { return 1U << (place / kPlacesPerBit % 32); }
  std::atomic<uint32_t>& used_word(CachedAnswer::Place place) const {
    return reinterpret_cast<std::atomic<uint32_t>*>(used_.data())[place / kPlacesPerBit / 32];
  }
  std::atomic<Hits>& counted(uint32_t hash) const;

  // Pages of their own, so that no other thread's data are near.
  SharedMapping used_;
  SharedMapping counted_;
};

}  // namespace multisocket

#endif  // MULTISOCKET_READER_NOTES_H_
