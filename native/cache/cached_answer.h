// One reply as the cache keeps it: checked once, with its OPT and the places of its TTLs worked out, so that giving it
// to a client is two copies and a loop. It stands in one block of memory and changes no more once it is made, save for
// the marks at its end, which belong to the shard that holds it.
#ifndef MULTISOCKET_CACHED_ANSWER_H_
#define MULTISOCKET_CACHED_ANSWER_H_

#include <cstddef>
#include <cstdint>
#include <memory>

#include "cache/cache_key.h"
#include "message/layout.h"
#include "message/message_view.h"

namespace multisocket {

// A reply that is to be cached.
struct Answer {
  const uint8_t* message = nullptr;  // without OPT; names compressed or not
  size_t length = 0;
  // EDNS options that belong to the answer and not to one client: Client Subnet (RFC 7871 s.7.2.1), Extended DNS Error
  // (RFC 8914). They are given to those who sent an OPT.
  const uint8_t* options = nullptr;
  size_t options_length = 0;
  uint8_t extended_rcode = 0;     // the upper eight bits of the RCODE, which stand in the OPT
  uint32_t max_ttl = UINT32_MAX;  // seconds; the answer lives no longer, whatever its records say
  uint8_t vary_by = 0;            // of VaryBy
  uint32_t generation = 0;        // the cache's when the handler began to answer
};

class CachedAnswer {
 public:
  struct Free {
    void operator()(CachedAnswer* answer) const;
  };
  using Owner = std::unique_ptr<CachedAnswer, Free>;

  // Null where the reply is not to be cached: not a whole, well-formed reply to this query, TC set, an RCODE of more
  // than four bits, a cookie among its options, an OPT, TSIG or SIG(0) in it, longer than this query's replies may be,
  // or with nothing to live on. It lives for `max_ttl` or the smallest TTL of its records, whichever is less. One that
  // says there is no such name or no such data lives no longer than its SOA's MINIMUM and, without an SOA or `max_ttl`,
  // not at all (RFC 2308 s.5); the same for failures. 0 is nothing to live on; a TTL above 2^31-1 counts as 0 (RFC 2181
  // s.8). Null as well where memory is short.
  static Owner make(const CacheKey& key, const uint8_t* query, const MessageView& view, Transport transport,
                    uint16_t payload_size, const Answer& answer, uint32_t now);

  CachedAnswer(const CachedAnswer&) = delete;
  CachedAnswer& operator=(const CachedAnswer&) = delete;

  bool has_key(const uint8_t* key, size_t length) const;
  const uint8_t* key() const { return bytes(); }
  size_t key_length() const { return key_length_; }
  uint32_t lifetime() const { return lifetime_; }
  // Seconds since it was stored. Clocks of threads that read the time once a batch may differ: never below 0.
  uint32_t age(uint32_t now) const;
  layout::AnswerKind kind() const { return kind_; }
  // Whether it says something about the data, so that it is worth something when it is stale: NOERROR or NXDOMAIN.
  bool says_data() const { return kind_ != layout::kFailure; }
  // The reply's length for a query whose question has this end.
  size_t reply_length(const MessageView& view) const { return view.question_end + tail_length_; }
  // Octets of the OPT at the reply's end; 0: it has none.
  size_t opt_length() const { return opt_length_; }

  // Writes the reply to `query`, whose key is this one's: its ID and the spelling of its question, TTLs less `age` and
  // at most `max_ttl`. `out` has room for reply_length(); it may be `query`, whose question then stays where it is.
  void write(const uint8_t* query, const MessageView& view, uint32_t age, uint32_t max_ttl, uint8_t* out) const;

  // The block's size in memory, as far as we can know what the allocator adds.
  size_t cost() const;

  // The shard's: its place in a bucket and in the queue, and what has happened to it.
  CachedAnswer* next = nullptr;
  CachedAnswer* newer = nullptr;
  CachedAnswer* older = nullptr;
  uint32_t hash = 0;  // the key's, its low bits
  uint32_t hits = 0;
  uint32_t last_hit_age = 0;
  uint32_t refresh_age = 0;  // from this age on, somebody is to refresh it
  bool visited = false;

 private:
  CachedAnswer() = default;
  // Behind the object: the key, the header from the flags on, everything behind the question, the places of the TTLs.
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
