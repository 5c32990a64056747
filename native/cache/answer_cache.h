// One thread's access to a cache of replies, found by question. All threads of one server share the cache itself
// (cache_state.h). A hit takes no lock and writes nothing that another thread writes: it reads the answer where it is,
// and notes the hit in memory of this thread. It never waits, and is never given up.
#ifndef MULTISOCKET_ANSWER_CACHE_H_
#define MULTISOCKET_ANSWER_CACHE_H_

#include <cstddef>
#include <cstdint>
#include <memory>

#include "cache/answer_draft.h"
#include "cache/cache_key.h"
#include "cache/cache_state.h"
#include "cache/epochs.h"
#include "cache/reader_notes.h"
#include "message/message_view.h"

namespace multisocket {

class AnswerCache {
 public:
  using Options = CacheOptions;
  using Counters = CacheCounters;

  struct Found {
    size_t length = 0;  // of the reply; 0: a miss
    size_t opt = 0;     // offset of the OPT in the reply; 0: the reply has no OPT
    bool stale = false;
    // A miss although there is an answer: the answer has expired or is about to. The caller asks the handler and stores
    // its reply. Only one caller at a time gets this flag. If it stores nothing, another caller gets the flag after
    // `refresh_interval`.
    bool refresh = false;
  };

  explicit AnswerCache(const std::shared_ptr<CacheState>& state);
  // `memory`: another mapping of the state's memory, through which answers are read. It must outlive this object.
  AnswerCache(std::shared_ptr<CacheState> state, const SharedMapping& memory);
  ~AnswerCache();
  AnswerCache(const AnswerCache&) = delete;
  AnswerCache& operator=(const AnswerCache&) = delete;

  const std::shared_ptr<CacheState>& state() const { return state_; }

  // Writes the reply to a query whose verdict is kQuery into `out`, which may be `query` itself. A reply longer than
  // `capacity` is a miss. A miss does not change `out`. `now`: seconds of a monotonic clock that all threads share; it
  // may wrap around. `allow_stale`: an expired answer is acceptable if there is no other; its TTLs are at most
  // `stale_ttl` seconds (RFC 8767 s.4). The calling thread is in a section, of which only the existence counts.
  Found look_up(const ReadSection& section, const uint8_t* query, const MessageView& view, const Origin& origin,
                uint32_t now, bool allow_stale, uint8_t* out, size_t capacity);

  // Looks up before a handler is called. With `looked_up_again` the handler looks up again on a miss. A query that
  // should refresh an answer is then an ordinary miss here, and a miss changes neither the counters nor the answer.
  Found look_up_first(const ReadSection& section, const uint8_t* query, const MessageView& view, const Origin& origin,
                      uint32_t now, uint8_t* out, size_t capacity);

  // Stores the reply that a handler gave to `query`, and replaces an earlier one. Returns false if it stores nothing.
  // The query or the reply may be uncacheable (CacheKey::read, AnswerDraft::read), or the reply too long for a shard. A
  // reply that was begun before a clear is not stored, since the clear may have been meant to remove it. A failure does
  // not replace an answer that may still be sent, stale or not (RFC 8767 s.4). All answers to one question should vary
  // by the same properties. If they do not, a look-up tries the one that varies by more first. The calling thread is in
  // no section.
  bool store(const uint8_t* query, const MessageView& view, const Origin& origin, const Answer& answer, uint32_t now);

  // A number of 26 bits that queries with the same key have in common until the next clear, or kNoQuestion if the query
  // cannot use the cache. Different keys may have the same number.
  int32_t question(const uint8_t* query, const MessageView& view, Transport transport) const;
  static constexpr int32_t kNoQuestion = -1;

  // Whether any answer varies by the client's or the local address. Only then does `origin` need addresses.
  bool varies() const { return state_->variations() > 1; }

 private:
  // How a look-up behaves.
  struct Manner {
    bool allow_stale;
    bool leaves_misses;  // another look-up follows and counts the miss
  };

  Found look_up(const uint8_t* query, const MessageView& view, const Origin& origin, uint32_t now, Manner manner,
                uint8_t* out, size_t capacity);
  Found look_up_variations(CacheKey* key, const uint8_t* query, const MessageView& view, const Origin& origin,
                           uint32_t now, Manner manner, uint8_t* out, size_t capacity);
  Found look_up_scopes(CacheKey* key, const uint8_t* query, const MessageView& view, const Origin& origin, uint32_t now,
                       Manner manner, uint8_t* out, size_t capacity);
  static bool scope(CacheKey* key, Answer* answer);
  Found read(CachedAnswer::Place place, const uint8_t* query, const MessageView& view, uint32_t now, Manner manner,
             uint8_t* out, size_t capacity);
  bool is_to_refresh(const CachedAnswer& answer, uint32_t now, uint32_t hits) const;
  uint32_t other_hits(const CachedAnswer& answer, uint32_t now) const;

  const std::shared_ptr<CacheState> state_;
  ReaderNotes* const notes_;
  // Copies of what does not change, so that a hit reads them from memory of this thread.
  const uint8_t* const base_;
  const CacheShards shards_;
  const SipKey hash_key_;
  const CacheOptions options_;
};

}  // namespace multisocket

#endif  // MULTISOCKET_ANSWER_CACHE_H_
