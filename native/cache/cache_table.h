// How readers find an answer in the memory of a cache.
//
// The memory is divided into shards. Each begins with a word that describes its table: where the buckets are, how many
// there are, and which of an answer's two links belongs to it. A bucket is the link to the first answer of a chain.
//
// A table grows while readers use it. The writer links all answers into the new buckets by their other links, and then
// publishes the new table with one store. Chains of the old table stay as they are until no reader uses it.
//
// Links and tables are loaded and stored sequentially consistently (epochs.cc). On x86 and ARM, such a load costs no
// more than one that acquires.
#ifndef MULTISOCKET_CACHE_TABLE_H_
#define MULTISOCKET_CACHE_TABLE_H_

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "cache/cached_answer.h"

namespace multisocket {

class CacheTable {
 public:
  using Place = CachedAnswer::Place;
  using Link = std::atomic<Place>;

  // The word. It is 0 before the first table.
  struct alignas(8) Word {
    Place place;    // of the block with the buckets
    uint16_t log2;  // of the number of buckets
    uint16_t side;  // index of the link
  };
  using Head = std::atomic<Word>;

  explicit CacheTable(const Word& word) : word_(word) {}

  size_t buckets() const { return size_t{1} << word_.log2; }
  const Word& word() const { return word_; }
  const Link* bucket(const uint8_t* base, uint32_t hash) const {
    return reinterpret_cast<const Link*>(BlockArena::payload(base, word_.place)) + (hash & (buckets() - 1));
  }
  Link* bucket(uint8_t* base, uint32_t hash) const {
    return reinterpret_cast<Link*>(BlockArena::payload(base, word_.place)) + (hash & (buckets() - 1));
  }
  Link* next(uint8_t* base, Place place) const { return &CachedAnswer::at(base, place)->next[word_.side]; }

  // Returns the place of the answer with this key, or 0. `base`: the start of the memory. It takes as many steps as the
  // chain has answers, whatever writers do meanwhile.
  Place find(const uint8_t* base, uint32_t hash, const uint8_t* key, size_t length) const {
    if (word_.place == 0) return 0;
    Place place = bucket(base, hash)->load();
    while (place != 0) {
      const CachedAnswer* answer = CachedAnswer::at(base, place);
      if (answer->hash == hash && answer->has_key(key, length)) break;
      place = answer->next[word_.side].load();
    }
    return place;
  }

 private:
  Word word_;
};

static_assert(CacheTable::Head::is_always_lock_free, "a table is published with one store");

// Where the shards are.
struct CacheShards {
  size_t count = 1;  // a power of two
  size_t size = 0;   // octets of each

  // The parts of a hash that choose the shard, and the bucket in it.
  size_t number(uint64_t hash) const { return hash >> 32 & (count - 1); }
  static uint32_t low(uint64_t hash) { return static_cast<uint32_t>(hash); }

  const CacheTable::Head* head(const uint8_t* base, size_t shard) const {
    return reinterpret_cast<const CacheTable::Head*>(base + shard * size);
  }
};

}  // namespace multisocket

#endif  // MULTISOCKET_CACHE_TABLE_H_
