#include "zone/reply_writer.h"

#include "message/wire.h"

namespace multisocket {
namespace {

constexpr size_t kMaxPointer = 0x3fff;
constexpr uint16_t kPointer = 0xc000;

uint8_t lower(uint8_t octet) { return octet >= 'A' && octet <= 'Z' ? octet | 0x20 : octet; }

// The hash of a label and the name that follows it.
uint32_t with_label(uint32_t rest, const uint8_t* label) {
  uint32_t hash = rest + 0x9e3779b9U;
  for (size_t i = 0; i <= label[0]; i++) hash = (hash ^ lower(label[i])) * 0x01000193U;
  return hash ^ hash >> 15;
}

// Where the names of RDATA are that may be compressed: those of RFC 1035 alone (RFC 3597 s.4).
struct Names {
  size_t before;   // octets
  unsigned count;  // 0: none
};

Names names_of(uint32_t type) {
  switch (type) {
    case kTypeNs:
    case kTypeMd:
    case kTypeMf:
    case kTypeCname:
    case kTypeMb:
    case kTypeMg:
    case kTypeMr:
    case kTypePtr:
      return {0, 1};
    case kTypeSoa:
    case kTypeMinfo:
      return {0, 2};
    case kTypeMx:
      return {2, 1};
    default:
      return {0, 0};
  }
}

}  // namespace

void ReplyWriter::record(const WireName& owner, uint32_t type, uint32_t ttl, Rdata data) {
  if (&owner == &question_ && owner.labels() > 0) {
    if (!reserve(2)) return;
    write16(message_ + at_, kPointer | kHeaderSize);
    at_ += 2;
  } else {
    name(owner.data(), owner.size());
  }
  if (!reserve(kRecordFixedSize)) return;
  uint8_t* fixed = message_ + at_;
  write16(fixed, ZoneImage::is_signature(type) ? type >> 16 : type);
  write16(fixed + 2, kClassIn);
  write32(fixed + 4, ttl);
  at_ += kRecordFixedSize;
  rdata(type, data);
  if (!overflowed_) write16(fixed + 8, static_cast<uint32_t>(message_ + at_ - fixed - kRecordFixedSize));
}

void ReplyWriter::rdata(uint32_t type, Rdata data) {
  const auto [before, count] = names_of(type);
  size_t from = 0;
  if (count > 0 && data.size >= before) {
    if (!reserve(before)) return;
    memcpy(message_ + at_, data.data, before);
    at_ += before;
    from = before;
    for (unsigned i = 0; i < count; i++) {
      const size_t end = skip_plain_name(data.data, data.size, from);
      if (end == 0) break;
      name(data.data + from, end - from);
      from = end;
    }
  }
  const size_t rest = data.size - from;
  if (overflowed_ || !reserve(rest)) return;
  memcpy(message_ + at_, data.data + from, rest);
  at_ += rest;
}

bool ReplyWriter::reserve(size_t octets) {
  if (at_ + octets <= end_) return true;
  overflowed_ = true;
  return false;
}

void ReplyWriter::name(const uint8_t* name, size_t size) {
  if (overflowed_) return;
  if (known_ == 0) learn_question();
  uint8_t starts[kMaxLabels];
  uint16_t hashes[kMaxLabels];
  unsigned labels = 0;
  for (size_t at = 0; name[at] != 0; at += name[at] + 1U) starts[labels++] = static_cast<uint8_t>(at);
  uint32_t hash = 0;
  for (unsigned i = labels; i-- > 0;) {
    hash = with_label(hash, name + starts[i]);
    hashes[i] = static_cast<uint16_t>(hash);
  }
  unsigned label = 0;
  size_t target = 0;
  for (; label < labels; label++) {
    target = find(hashes[label], name + starts[label]);
    if (target != 0) break;
  }
  const size_t plain = label < labels ? starts[label] : size;  // with the root's octet, if there is no pointer
  if (!reserve(target != 0 ? plain + 2 : plain)) return;
  memcpy(message_ + at_, name, plain);
  for (unsigned i = 0; i < label; i++) learn(hashes[i], at_ + starts[i]);
  at_ += plain;
  if (target == 0) return;
  write16(message_ + at_, kPointer | static_cast<uint32_t>(target));
  at_ += 2;
}

void ReplyWriter::learn_question() {
  memset(table_, 0, sizeof table_);
  known_ = 1;
  uint32_t hash = 0;
  for (unsigned i = question_.labels(); i-- > 0;) {
    hash = with_label(hash, question_.from(i));
    learn(static_cast<uint16_t>(hash), kHeaderSize + question_.start(i));
  }
}

void ReplyWriter::learn(uint16_t hash, size_t offset) {
  if (known_ == kMaxKnown || offset > kMaxPointer) return;
  size_t slot = hash % kSlots;
  while (table_[slot].offset != 0) slot = (slot + 1) % kSlots;
  table_[slot] = {hash, static_cast<uint16_t>(offset)};
  known_++;
}

// The offset of a name in the message; 0: it is not there.
size_t ReplyWriter::find(uint16_t hash, const uint8_t* name) const {
  for (size_t slot = hash % kSlots; table_[slot].offset != 0; slot = (slot + 1) % kSlots) {
    if (table_[slot].hash == hash && is_at(table_[slot].offset, name)) return table_[slot].offset;
  }
  return 0;
}

bool ReplyWriter::is_at(size_t offset, const uint8_t* name) const {
  const uint8_t* at = message_ + offset;
  for (;;) {
    while (*at >= 0xc0) at = message_ + (read16(at) & kMaxPointer);
    const size_t length = *at;
    if (length != *name) return false;
    if (length == 0) return true;
    for (size_t i = 1; i <= length; i++) {
      if (lower(at[i]) != lower(name[i])) return false;
    }
    at += length + 1;
    name += length + 1;
  }
}

}  // namespace multisocket
