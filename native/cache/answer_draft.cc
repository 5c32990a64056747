#include "cache/answer_draft.h"

#include <algorithm>
#include <cstring>
#include <new>

#include "cache/answer_kind.h"
#include "guard/server_cookies.h"
#include "message/records.h"
#include "message/wire.h"

namespace multisocket {
namespace {

constexpr size_t kTtlBeforeRdata = 6;  // octets between the start of a TTL and the RDATA
constexpr uint32_t kMaxTtl = INT32_MAX;

// Returns whether the reply has the question of the query. Upper and lower case are equal.
bool same_question(const uint8_t* query, const uint8_t* reply, size_t end) {
  const auto lower = [](uint8_t octet) { return octet >= 'A' && octet <= 'Z' ? octet | 0x20 : octet; };
  const size_t name_end = end - 4;
  for (size_t i = kHeaderSize; i < name_end; i++) {
    if (lower(query[i]) != lower(reply[i])) return false;
  }
  return memcmp(query + name_end, reply + name_end, 4) == 0;
}

// A cookie belongs to one client.
bool has_cookie(const Answer& answer) {
  for (size_t at = 0; at + 4 <= answer.options_length; at += 4U + read16(answer.options + at + 2)) {
    if (read16(answer.options + at) == kOptionCookie) return true;
  }
  return false;
}

}  // namespace

bool AnswerDraft::read(const uint8_t* query, Transport transport) {
  const size_t question_end = view_.question_end;
  const uint8_t* message = answer_.message;
  if (answer_.extended_rcode != 0 || answer_.length < question_end || has_cookie(answer_)) return false;
  const uint16_t flags = read16(message + 2);
  if ((flags & (kFlagQr | kOpcodeMask | kFlagTc)) != kFlagQr || read16(message + 4) != 1) return false;
  if (!same_question(query, message, question_end)) return false;
  opt_length_ = view_.has_opt ? kOptSize + answer_.options_length : 0;
  if (answer_.length + opt_length_ > reply_limit(view_, transport, payload_size_)) return false;
  lifetime_ = read_records();
  return lifetime_ != 0;
}

// Reads the records and notes the offsets of their TTLs. Returns how long the answer may live, or 0 if it must not be
// cached.
uint32_t AnswerDraft::read_records() {
  const uint8_t* message = answer_.message;
  const size_t answers = read16(message + 6);
  const size_t first_additional = answers + read16(message + 8);
  const size_t records = first_additional + read16(message + 10);
  kind_ = kind_of(message, answer_.length);
  if (records > kMaxRecords) return 0;
  // A failure, or an answer of no kind, lives only as long as the caller sets.
  if (kind_ >= layout::kNothing && answer_.max_ttl > kMaxTtl) return 0;
  uint32_t lifetime = std::min(answer_.max_ttl, kMaxTtl);
  size_t at = view_.question_end;
  for (size_t i = 0; i < records; i++) {
    Record record;
    at = read_record(message, answer_.length, at, &record);
    if (at == 0 || record.ttl > kMaxTtl) return 0;
    const uint16_t type = record.type;
    if (type == kTypeOpt || type == kTypeTkey || type == kTypeTsig || type == kTypeSig) return 0;
    lifetime = std::min(lifetime, record.ttl);
    ttl_offsets_[ttls_++] = static_cast<uint16_t>(record.rdata - kTtlBeforeRdata - view_.question_end);
    // MINIMUM is the last field of an SOA (RFC 2308 s.5).
    const bool is_authority = i >= answers && i < first_additional;
    if (kind_ != layout::kData && is_authority && type == kTypeSoa)
      lifetime = std::min(lifetime, read32(message + at - 4));
  }
  return at == answer_.length ? lifetime : 0;
}

size_t AnswerDraft::size() const {
  return sizeof(CachedAnswer) + key_.size() + CachedAnswer::kHeaderRest + tail_length() + ttls_ * sizeof(uint16_t);
}

CachedAnswer* AnswerDraft::write(uint8_t* block, uint32_t now) const {
  auto* made = new (block) CachedAnswer();
  made->stored_at_ = now;
  made->lifetime_ = lifetime_;
  made->kind_ = kind_;
  made->key_length_ = static_cast<uint16_t>(key_.size());
  made->tail_length_ = static_cast<uint16_t>(tail_length());
  made->opt_length_ = static_cast<uint16_t>(opt_length_);
  made->ttls_ = static_cast<uint16_t>(ttls_);

  const size_t rest = answer_.length - view_.question_end;
  uint8_t* out = made->bytes();
  memcpy(out, key_.data(), key_.size());
  out += key_.size();
  memcpy(out, answer_.message + 2, CachedAnswer::kHeaderRest);
  if (view_.has_opt) write16(out + 8, read16(out + 8) + 1U);
  out += CachedAnswer::kHeaderRest;
  memcpy(out, answer_.message + view_.question_end, rest);
  out += rest;
  if (view_.has_opt) write_opt(out);
  memcpy(out + opt_length_, ttl_offsets_, ttls_ * sizeof ttl_offsets_[0]);
  return made;
}

// Writes our OPT. Its only field from the client is DO, which is part of the key.
void AnswerDraft::write_opt(uint8_t* opt) const {
  opt[0] = 0;
  write16(opt + 1, kTypeOpt);
  write16(opt + 3, payload_size_);
  write16(opt + 5, 0);  // upper bits of the RCODE, version
  write16(opt + 7, view_.opt_flags & kFlagDo);
  write16(opt + 9, static_cast<uint32_t>(answer_.options_length));
  if (answer_.options_length > 0) memcpy(opt + kOptSize, answer_.options, answer_.options_length);
}

}  // namespace multisocket
