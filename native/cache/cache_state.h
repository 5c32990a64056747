// What all threads of a server share of an answer cache: the memory with the answers, and the writers' side of it. An
// AnswerCache is one thread's access to it.
//
// The answers are in one mapping, which readers only read. It is divided into shards, each with a table (cache_table.h)
// and an arena. A lock for each shard keeps its writers apart. A writer makes an answer in fresh memory and publishes
// it with one store. What it unlinks is freed when no reader can be at it any more (epochs.h). Readers therefore need
// no lock, and a writer that has lost its CPU delays only writers.
#ifndef MULTISOCKET_CACHE_STATE_H_
#define MULTISOCKET_CACHE_STATE_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "cache/answer_draft.h"
#include "cache/cache_key.h"
#include "cache/cache_table.h"
#include "cache/reader_notes.h"
#include "cache/shared_mapping.h"
#include "guard/siphash.h"
#include "message/message_view.h"

namespace multisocket {

class AnswerCacheShard;

struct CacheOptions {
  size_t max_bytes = 0;                  // total, including bookkeeping; less if the kernel refuses so much
  uint16_t payload_size = kPayloadSize;  // in our OPT records; the longest UDP reply
  uint32_t serve_stale_seconds = 0;      // how long an expired answer may still be sent (RFC 8767)
  uint16_t prefetch_hits = 0;            // an answer with this many hits is refreshed before it expires; 0: never
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

struct CacheCounters {
  uint64_t hits = 0;  // including stale answers
  uint64_t stale_hits = 0;
  uint64_t misses = 0;
  uint64_t stores = 0;
  uint64_t dropped = 0;    // answers not stored, because the memory for them waited for a reader
  uint64_t evictions = 0;  // removals to make room; replaced and cleared answers do not count
  uint64_t waiting = 0;    // octets that wait for a reader, part of `bytes`
  uint64_t bytes = 0;      // in use, including the tables of an empty cache and the notes of readers
  uint64_t entries = 0;
};

class CacheState {
 public:
  explicit CacheState(const CacheOptions& options);
  ~CacheState();
  CacheState(const CacheState&) = delete;
  CacheState& operator=(const CacheState&) = delete;

  const CacheOptions& options() const { return options_; }
  const SharedMapping& memory() const { return memory_; }
  const CacheShards& shards() const { return layout_; }
  const SipKey& hash_key() const { return hash_key_; }

  // The notes of a thread, from claim_notes() to release_notes(). Others may read them at any time. The next stores
  // make room for new notes.
  ReaderNotes* claim_notes();
  static void release_notes(ReaderNotes* notes) { SlotList<ReaderNotes>::release(notes); }
  const SlotList<ReaderNotes>& notes() const { return notes_; }

  // Stores an answer to the query with this key, and replaces an earlier one. Returns false if it stores nothing.
  bool store(const AnswerDraft& draft, uint32_t now, uint32_t generation);

  // Changes with each clear. An answer is stored with the generation at which its handler began.
  uint32_t generation() const { return generation_.load(std::memory_order_acquire); }

  // Each returns the number of answers removed.
  size_t clear();
  // `name`: a complete name in wire format, in upper or lower case. `subtree`: also removes all names below it.
  size_t clear(const uint8_t* name, size_t length, bool subtree);

  // One bit for each variation that was ever stored. A look-up tries only these.
  unsigned variations() const { return variations_.load(std::memory_order_relaxed); }

  // The prefix lengths of all scopes that were ever stored, longest first. A look-up tries only these.
  bool scoped() const { return scoped_.load(std::memory_order_relaxed); }
  template <class Try>
  bool any_scope(unsigned most, Try attempt) const {
    for (unsigned word = most / 64 + 1; word-- > 0;) {
      uint64_t left = scopes_[word].load(std::memory_order_relaxed);
      if (word == most / 64 && most % 64 != 63) left &= (uint64_t{1} << (most % 64 + 1)) - 1;
      while (left != 0) {
        const unsigned bit = 63U - static_cast<unsigned>(__builtin_clzll(left));
        if (attempt(word * 64 + bit)) return true;
        left &= ~(uint64_t{1} << bit);
      }
    }
    return false;
  }

  // Makes one caller the one that refreshes an answer, from `age` on for `refresh_interval` seconds. Returns whether
  // this caller is it.
  bool claim_refresh(CachedAnswer::Place place, uint32_t age);

  // May be called at any time from any thread. Each number is exact, but they may be of different moments.
  CacheCounters counters();

 private:
  template <class Matches>
  size_t clear_where(const Matches& matches);

  const CacheOptions options_;
  const SipKey hash_key_;  // random
  CacheShards layout_;
  std::unique_ptr<AnswerCacheShard[]> shards_;
  SharedMapping memory_;
  SlotList<ReaderNotes> notes_;
  // Every look-up reads this line; only the first answer of a variation, a clear and a new thread write it.
  alignas(kSlotAlignment) std::atomic<uint32_t> generation_{0};
  std::atomic<uint8_t> variations_{0};
  std::atomic<bool> scoped_{false};
  std::atomic<size_t> notes_size_{0};
  std::array<std::atomic<uint64_t>, 3> scopes_{};  // a bit for each prefix length
};

}  // namespace multisocket

#endif  // MULTISOCKET_CACHE_STATE_H_
