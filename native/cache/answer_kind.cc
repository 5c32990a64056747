#include "cache/answer_kind.h"

#include <cstring>
#include <utility>

#include "message/names.h"
#include "message/records.h"
#include "message/wire.h"

namespace multisocket {
namespace {

// Resolvers do not follow longer chains either.
constexpr unsigned kMaxLinks = 16;

// A name without pointers, in lower case.
struct Name {
  uint8_t octets[kMaxName];
  size_t length = 0;

  void read(const uint8_t* message, size_t at) { length = write_lower_name(message, at, octets); }
  bool operator==(const Name& other) const {
    return length == other.length && memcmp(octets, other.octets, length) == 0;
  }
};

// Returns whether there is a record of the queried type at `owner`. If not, `*target` is the target of the CNAME there.
// It is empty if there is no CNAME, or if there are two different ones.
bool look_at(const uint8_t* message, size_t length, size_t question_end, const Name& owner, Name* target) {
  const uint16_t type = read16(message + question_end - 4);
  const uint16_t klass = read16(message + question_end - 2);
  bool ambiguous = false;
  size_t at = question_end;
  for (unsigned left = read16(message + 6); left > 0; left--) {
    Record record;
    at = read_record(message, length, at, &record);
    if (at == 0) return false;
    Name name;
    name.read(message, record.owner);
    if (!(name == owner) || (klass != kClassAny && klass != record.klass)) continue;
    if (type == record.type || type == kTypeAny) return true;
    if (record.type != kTypeCname) continue;
    name.read(message, record.rdata);
    ambiguous |= target->length != 0 && !(*target == name);
    *target = name;
  }
  if (ambiguous) target->length = 0;
  return false;
}

bool has_data(const uint8_t* message, size_t length, size_t question_end) {
  Name owner;
  owner.read(message, kHeaderSize);
  for (unsigned link = 0; link < kMaxLinks; link++) {
    Name target;
    if (look_at(message, length, question_end, owner, &target)) return true;
    if (target.length == 0) return false;
    owner = target;
  }
  return false;
}

}  // namespace

layout::AnswerKind kind_of(const uint8_t* message, size_t length) {
  const uint16_t rcode = read16(message + 2) & kRcodeMask;
  if (rcode != kRcodeNoError && rcode != kRcodeNxDomain) return layout::kFailure;
  const size_t question_end = skip_name(message, length, kHeaderSize) + 4;
  if (rcode == kRcodeNoError && has_data(message, length, question_end)) return layout::kData;
  const unsigned answers = read16(message + 6);
  const unsigned records = answers + read16(message + 8);
  bool has_ns = false;
  size_t at = question_end;
  for (unsigned i = 0; i < records; i++) {
    Record record;
    at = read_record(message, length, at, &record);
    if (at == 0) return layout::kNothing;
    if (i < answers) continue;
    if (record.type == kTypeSoa) return layout::kDenial;
    has_ns |= record.type == kTypeNs;
  }
  return has_ns && answers == 0 && rcode == kRcodeNoError ? layout::kReferral : layout::kNothing;
}

}  // namespace multisocket
