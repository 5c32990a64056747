// A reply in the cache. It is checked once, and its OPT and the offsets of its TTLs are computed once, so that sending
// it takes two copies and a loop. It is one block of the cache's memory, and what readers see of it does not change,
// except for the link to the next answer and the time of the next refresh.
#ifndef MULTISOCKET_CACHED_ANSWER_H_
#define MULTISOCKET_CACHED_ANSWER_H_

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "cache/block_arena.h"
#include "message/layout.h"
#include "message/message_view.h"

namespace multisocket {

class AnswerDraft;

class CachedAnswer {
 public:
  // The place of an answer in the cache's memory; 0: none (block_arena.h).
  using Place = BlockArena::Place;

  CachedAnswer(const CachedAnswer&) = delete;
  CachedAnswer& operator=(const CachedAnswer&) = delete;

  static CachedAnswer* at(uint8_t* base, Place place) {
    return reinterpret_cast<CachedAnswer*>(BlockArena::payload(base, place));
  }
  static const CachedAnswer* at(const uint8_t* base, Place place) {
    return reinterpret_cast<const CachedAnswer*>(BlockArena::payload(base, place));
  }

  bool has_key(const uint8_t* key, size_t length) const;
  const uint8_t* key() const { return bytes(); }
  size_t key_length() const { return key_length_; }
  uint32_t lifetime() const { return lifetime_; }
  // Seconds since the answer was stored, at least 0: the clocks of two threads may differ, since each reads the time
  // once for each batch.
  uint32_t age(uint32_t now) const;
  layout::AnswerKind kind() const { return kind_; }
  // Whether the reply is NOERROR or NXDOMAIN. Only these are useful when stale.
  bool says_data() const { return kind_ != layout::kFailure; }
  // The length of the reply to a query whose question ends at `view.question_end`.
  size_t reply_length(const MessageView& view) const { return view.question_end + tail_length_; }
  // Octets of the OPT at the end of the reply; 0: the reply has no OPT.
  size_t opt_length() const { return opt_length_; }

  // Writes the reply to `query`, which must have this answer's key. It takes the ID and the spelling of the name from
  // the query. TTLs are reduced by `age` and are at most `max_ttl`. `out` has room for reply_length(). It may be
  // `query`; the question then stays in place.
  void write(const uint8_t* query, const MessageView& view, uint32_t age, uint32_t max_ttl, uint8_t* out) const;

  // What only the writer of its shard uses: the position in the queue; whether it was used when the hand last came by;
  // and the epoch in which it was unlinked, with `newer` as the link to what was unlinked next.
  uint64_t unlinked_in = 0;
  Place newer = 0;
  Place older = 0;
  bool visited = false;

  // What readers use and writers change while they do. There is a link for each of two tables (cache_table.h).
  std::atomic<Place> next[2] = {{0}, {0}};
  std::atomic<uint32_t> refresh_age{0};  // from this age on, one caller should refresh the answer

  // Set before the answer is published.
  uint32_t hash = 0;  // the low bits of the key's hash

 private:
  friend class AnswerDraft;
  CachedAnswer() = default;
  // Behind the object: the key, the header from the flags on, everything after the question, the offsets of the TTLs.
  uint8_t* bytes() { return reinterpret_cast<uint8_t*>(this + 1); }
  const uint8_t* bytes() const { return reinterpret_cast<const uint8_t*>(this + 1); }
  const uint8_t* header() const { return bytes() + key_length_; }
  const uint8_t* tail() const { return header() + kHeaderRest; }
  const uint8_t* ttl_places() const { return tail() + tail_length_; }

  static constexpr size_t kHeaderRest = 10;  // a header without its ID

  layout::AnswerKind kind_ = layout::kNothing;
  uint32_t stored_at_ = 0;
  uint32_t lifetime_ = 0;
  uint16_t key_length_ = 0;
  uint16_t tail_length_ = 0;
  uint16_t opt_length_ = 0;
  uint16_t ttls_ = 0;
};

}  // namespace multisocket

#endif  // MULTISOCKET_CACHED_ANSWER_H_
