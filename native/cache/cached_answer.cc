#include "cache/cached_answer.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>

#include "cache/answer_kind.h"
#include "guard/server_cookies.h"
#include "message/records.h"
#include "message/wire.h"

namespace multisocket {
namespace {

constexpr size_t kTtlBeforeRdata = 6;                // octets between the start of a TTL and the RDATA
constexpr size_t kMinRecord = 1 + kRecordFixedSize;  // the root name comes first
constexpr size_t kMaxRecords = UINT16_MAX / kMinRecord;
constexpr size_t kAllocatorShare = 16;  // bytes that malloc adds to a block for its own use and for rounding
constexpr uint32_t kMaxTtl = INT32_MAX;

struct TtlPlaces {
  size_t count = 0;
  uint16_t offsets[kMaxRecords];
};

// Returns whether the reply has the question of the query. Upper and lower case are equal.
bool same_question(const uint8_t* query, const uint8_t* reply, size_t end) {
  const auto lower = [](uint8_t octet) { return octet >= 'A' && octet <= 'Z' ? octet | 0x20 : octet; };
  const size_t name_end = end - 4;
  for (size_t i = kHeaderSize; i < name_end; i++) {
    if (lower(query[i]) != lower(reply[i])) return false;
  }
  return memcmp(query + name_end, reply + name_end, 4) == 0;
}

// Reads the records and notes the offsets of their TTLs. Returns how long the answer may live, or 0 if it must not be
// cached.
uint32_t read_records(const Answer& answer, size_t question_end, TtlPlaces* places, layout::AnswerKind* answer_kind) {
  const uint8_t* message = answer.message;
  const size_t answers = read16(message + 6);
  const size_t first_additional = answers + read16(message + 8);
  const size_t records = first_additional + read16(message + 10);
  const layout::AnswerKind kind = kind_of(message, answer.length);
  *answer_kind = kind;
  if (records > kMaxRecords) return 0;
  // A failure, or an answer of no kind, lives only as long as the caller sets.
  if (kind >= layout::kNothing && answer.max_ttl > kMaxTtl) return 0;
  uint32_t lifetime = std::min(answer.max_ttl, kMaxTtl);
  size_t at = question_end;
  for (size_t i = 0; i < records; i++) {
    Record record;
    at = read_record(message, answer.length, at, &record);
    if (at == 0 || record.ttl > kMaxTtl) return 0;
    const uint16_t type = record.type;
    if (type == kTypeOpt || type == kTypeTkey || type == kTypeTsig || type == kTypeSig) return 0;
    lifetime = std::min(lifetime, record.ttl);
    places->offsets[places->count++] = static_cast<uint16_t>(record.rdata - kTtlBeforeRdata - question_end);
    // MINIMUM is the last field of an SOA (RFC 2308 s.5).
    const bool is_authority = i >= answers && i < first_additional;
    if (kind != layout::kData && is_authority && type == kTypeSoa)
      lifetime = std::min(lifetime, read32(message + at - 4));
  }
  return at == answer.length ? lifetime : 0;
}

// A cookie belongs to one client.
bool has_cookie(const Answer& answer) {
  for (size_t at = 0; at + 4 <= answer.options_length; at += 4U + read16(answer.options + at + 2)) {
    if (read16(answer.options + at) == kOptionCookie) return true;
  }
  return false;
}

// Writes our OPT. Its only field from the client is DO, which is part of the key.
void write_opt(const MessageView& view, uint16_t payload_size, const Answer& answer, uint8_t* opt) {
  opt[0] = 0;
  write16(opt + 1, kTypeOpt);
  write16(opt + 3, payload_size);
  write16(opt + 5, 0);  // upper bits of the RCODE, version
  write16(opt + 7, view.opt_flags & kFlagDo);
  write16(opt + 9, static_cast<uint32_t>(answer.options_length));
  if (answer.options_length > 0) memcpy(opt + kOptSize, answer.options, answer.options_length);
}

}  // namespace

CachedAnswer::Owner CachedAnswer::make(const CacheKey& key, const uint8_t* query, const MessageView& view,
                                       Transport transport, uint16_t payload_size, const Answer& answer, uint32_t now) {
  const size_t question_end = view.question_end;
  const uint8_t* message = answer.message;
  if (answer.extended_rcode != 0 || answer.length < question_end || has_cookie(answer)) return nullptr;
  const uint16_t flags = read16(message + 2);
  if ((flags & (kFlagQr | kOpcodeMask | kFlagTc)) != kFlagQr || read16(message + 4) != 1) return nullptr;
  if (!same_question(query, message, question_end)) return nullptr;
  const size_t opt_size = view.has_opt ? kOptSize + answer.options_length : 0;
  if (answer.length + opt_size > reply_limit(view, transport, payload_size)) return nullptr;
  TtlPlaces places;
  layout::AnswerKind kind;
  const uint32_t lifetime = read_records(answer, question_end, &places, &kind);
  if (lifetime == 0) return nullptr;

  const size_t tail_length = answer.length - question_end + opt_size;
  void* block = malloc(block_size(key.size(), tail_length, places.count));
  if (block == nullptr) return nullptr;
  Owner made(new (block) CachedAnswer());
  made->stored_at_ = now;
  made->lifetime_ = lifetime;
  made->kind_ = kind;
  made->key_length_ = static_cast<uint16_t>(key.size());
  made->tail_length_ = static_cast<uint16_t>(tail_length);
  made->opt_length_ = static_cast<uint16_t>(opt_size);
  made->ttls_ = static_cast<uint16_t>(places.count);

  uint8_t* out = made->bytes();
  memcpy(out, key.data(), key.size());
  out += key.size();
  memcpy(out, message + 2, kHeaderRest);
  if (view.has_opt) write16(out + 8, read16(out + 8) + 1U);
  out += kHeaderRest;
  memcpy(out, message + question_end, answer.length - question_end);
  out += answer.length - question_end;
  if (view.has_opt) write_opt(view, payload_size, answer, out);
  memcpy(out + opt_size, places.offsets, places.count * sizeof places.offsets[0]);
  return made;
}

void CachedAnswer::Free::operator()(CachedAnswer* answer) const { free(answer); }

bool CachedAnswer::has_key(const uint8_t* key, size_t length) const {
  return key_length_ == length && memcmp(bytes(), key, length) == 0;
}

uint32_t CachedAnswer::age(uint32_t now) const {
  const uint32_t age = now - stored_at_;
  return age > kMaxTtl ? 0 : age;
}

void CachedAnswer::write(const uint8_t* query, const MessageView& view, uint32_t age, uint32_t max_ttl,
                         uint8_t* out) const {
  const size_t question_end = view.question_end;
  if (out != query) memcpy(out + kHeaderSize, query + kHeaderSize, question_end - kHeaderSize);
  write16(out, view.id);
  memcpy(out + 2, header(), kHeaderRest);
  memcpy(out + question_end, tail(), tail_length_);
  const uint8_t* place = ttl_places();
  for (unsigned i = 0; i < ttls_; i++, place += 2) {
    uint16_t offset;
    memcpy(&offset, place, sizeof offset);
    uint8_t* at = out + question_end + offset;
    const uint32_t ttl = read32(at);
    write32(at, std::min(ttl > age ? ttl - age : 0, max_ttl));
  }
}

size_t CachedAnswer::block_size(size_t key_length, size_t tail_length, size_t ttls) {
  return sizeof(CachedAnswer) + key_length + kHeaderRest + tail_length + ttls * sizeof(uint16_t);
}

size_t CachedAnswer::cost() const {
  const size_t size = block_size(key_length_, tail_length_, ttls_);
  return (size + kAllocatorShare - 1) / kAllocatorShare * kAllocatorShare + kAllocatorShare;
}

}  // namespace multisocket
