// A reply in the cache. It is checked once, and its OPT and the offsets of its TTLs are computed once, so that sending
// it takes two copies and a loop. It is one block of memory. It does not change after it is made, except for the fields
// that belong to its shard.
#ifndef MULTISOCKET_CACHED_ANSWER_H_
#define MULTISOCKET_CACHED_ANSWER_H_

#include <cstddef>
#include <cstdint>
#include <memory>

#include "cache/cache_key.h"
#include "message/layout.h"
#include "message/message_view.h"

namespace multisocket {

// A reply that a caller wants to cache.
struct Answer {
  const uint8_t* message = nullptr;  // without OPT; names may be compressed
  size_t length = 0;
  // EDNS options that belong to the answer and not to one client: Client Subnet (RFC 7871 s.7.2.1) and Extended DNS
  // Error (RFC 8914). Clients that sent an OPT get them.
  const uint8_t* options = nullptr;
  size_t options_length = 0;
  uint8_t extended_rcode = 0;     // the upper eight bits of the RCODE, which are in the OPT
  uint32_t max_ttl = UINT32_MAX;  // seconds; the upper limit of the answer's lifetime
  uint8_t vary_by = 0;            // bits of VaryBy
  uint32_t generation = 0;        // of the cache, when the handler began
};

class CachedAnswer {
 public:
  struct Free {
    void operator()(CachedAnswer* answer) const;
  };
  using Owner = std::unique_ptr<CachedAnswer, Free>;

  // Returns null if the reply cannot be cached or memory is short. A reply cannot be cached if it is not a complete,
  // valid reply to this query; if it has TC, an RCODE of more than four bits, a cookie among its options, or an OPT,
  // TSIG or SIG(0); if it is longer than replies to this query may be; or if its lifetime is 0. The lifetime is the
  // smaller of `max_ttl` and the smallest TTL of the records. For all kinds but kData it is also at most the MINIMUM of
  // an SOA in the authority section (RFC 2308 s.5). For kNothing and kFailure it is 0 if `max_ttl` is not set. A TTL
  // above 2^31-1 counts as 0 (RFC 2181 s.8).
  static Owner make(const CacheKey& key, const uint8_t* query, const MessageView& view, Transport transport,
                    uint16_t payload_size, const Answer& answer, uint32_t now);

  CachedAnswer(const CachedAnswer&) = delete;
  CachedAnswer& operator=(const CachedAnswer&) = delete;

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

  // The size of the block in memory, including an estimate of what the allocator adds.
  size_t cost() const;

  // The fields of the shard: position in a bucket and in the queue, and usage.
  CachedAnswer* next = nullptr;
  CachedAnswer* newer = nullptr;
  CachedAnswer* older = nullptr;
  uint32_t hash = 0;  // the low bits of the key's hash
  uint32_t hits = 0;
  uint32_t last_hit_age = 0;
  uint32_t refresh_age = 0;  // from this age on, one caller should refresh the answer
  bool visited = false;

 private:
  CachedAnswer() = default;
  // Behind the object: the key, the header from the flags on, everything after the question, the offsets of the TTLs.
  uint8_t* bytes() { return reinterpret_cast<uint8_t*>(this + 1); }
  const uint8_t* bytes() const { return reinterpret_cast<const uint8_t*>(this + 1); }
  const uint8_t* header() const { return bytes() + key_length_; }
  const uint8_t* tail() const { return header() + kHeaderRest; }
  const uint8_t* ttl_places() const { return tail() + tail_length_; }
  static size_t block_size(size_t key_length, size_t tail_length, size_t ttls);

  static constexpr size_t kHeaderRest = 10;  // a header without its ID

  uint32_t stored_at_ = 0;
  uint32_t lifetime_ = 0;
  uint16_t key_length_ = 0;
  uint16_t tail_length_ = 0;
  uint16_t opt_length_ = 0;
  uint16_t ttls_ = 0;
  layout::AnswerKind kind_ = layout::kNothing;
};

}  // namespace multisocket

#endif  // MULTISOCKET_CACHED_ANSWER_H_
