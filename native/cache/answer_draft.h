// A reply that a caller wants to cache, checked and measured, but not yet in the cache's memory.
#ifndef MULTISOCKET_ANSWER_DRAFT_H_
#define MULTISOCKET_ANSWER_DRAFT_H_

#include <cstddef>
#include <cstdint>

#include "cache/cache_key.h"
#include "cache/cached_answer.h"
#include "message/layout.h"
#include "message/message_view.h"
#include "message/wire.h"

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
  // SCOPE PREFIX-LENGTH (RFC 7871 s.7.2.1): the last of `options` is then the Client Subnet, which is made anew for
  // each client. -1: the answer is for the query's subnet alone.
  int16_t scope = -1;
  uint32_t generation = 0;  // of the cache, when the handler began
};

class AnswerDraft {
 public:
  // `key` is that of the query. All that the arguments refer to must outlive the draft.
  AnswerDraft(const CacheKey& key, const MessageView& view, uint16_t payload_size, const Answer& answer)
      : key_(key), view_(view), answer_(answer), payload_size_(payload_size) {}
  AnswerDraft(const AnswerDraft&) = delete;
  AnswerDraft& operator=(const AnswerDraft&) = delete;

  // Returns false if the reply cannot be cached. A reply cannot be cached if it is not a complete, valid reply to this
  // query; if it has TC, an RCODE of more than four bits, a cookie among its options, or an OPT, TSIG or SIG(0); if it
  // is longer than replies to this query may be; or if its lifetime is 0. The lifetime is the smaller of `max_ttl` and
  // the smallest TTL of the records. For all kinds but kData it is also at most the MINIMUM of an SOA in the authority
  // section (RFC 2308 s.5). For kNothing and kFailure it is 0 if `max_ttl` is not set. A TTL above 2^31-1 counts as 0
  // (RFC 2181 s.8).
  bool read(const uint8_t* query, Transport transport);

  const CacheKey& key() const { return key_; }
  layout::AnswerKind kind() const { return kind_; }
  bool says_data() const { return kind_ != layout::kFailure; }
  int scope() const { return answer_.scope; }
  // The octets that write() needs.
  size_t size() const;
  // Makes the answer at `block`, which is aligned to 8.
  CachedAnswer* write(uint8_t* block, uint32_t now) const;

 private:
  static constexpr size_t kMinRecord = 1 + kRecordFixedSize;  // the root name comes first
  static constexpr size_t kMaxRecords = UINT16_MAX / kMinRecord;

  uint32_t read_records();
  void write_opt(uint8_t* opt) const;
  size_t tail_length() const { return answer_.length - view_.question_end + opt_length_; }

  const CacheKey& key_;
  const MessageView& view_;
  const Answer& answer_;
  uint16_t payload_size_;
  uint32_t lifetime_ = 0;
  layout::AnswerKind kind_ = layout::kNothing;
  size_t opt_length_ = 0;
  size_t ttls_ = 0;
  uint16_t ttl_offsets_[kMaxRecords];
};

}  // namespace multisocket

#endif  // MULTISOCKET_ANSWER_DRAFT_H_
