#include "zone/zone_table.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "message/layout.h"
#include "message/wire.h"
#include "zone/reply_writer.h"
#include "zone/zone_answer.h"

namespace multisocket {
namespace {

// What a reply keeps of the flags of its query.
constexpr uint16_t kKept = kOpcodeMask | kFlagRd | kFlagCd;

// Types of which zones have no records: the handler decides on them.
bool is_meta(uint16_t type) { return type >= kTypeTkey && type <= kTypeAxfr; }

}  // namespace

void ZoneTable::put(const WireName& name, Entry entry) {
  has_large_ = has_large_ || (entry.image.has_value() && entry.image->is_large());
  const auto found = entries_.find(view_of(name, 0));
  if (found != entries_.end()) {
    found->second->entry = entry;
    return;
  }
  auto named = std::make_unique<Named>(Named{std::string(view_of(name, 0)), entry});
  const std::string_view key = named->name;
  entries_.emplace(key, std::move(named));
  max_labels_ = std::max(max_labels_, name.labels());
}

// The entry with the longest name. Null also for DS of its own name, which stand in the zone above (RFC 4035
// s.3.1.4.1).
const ZoneTable::Entry* ZoneTable::find(const WireName& name, uint16_t type) const {
  const unsigned labels = name.labels();
  for (unsigned label = labels - std::min(labels, max_labels_); label <= labels; label++) {
    const auto found = entries_.find(view_of(name, label));
    if (found == entries_.end()) continue;
    return type == kTypeDs && label == 0 ? nullptr : &found->second->entry;
  }
  return nullptr;
}

ZoneTable::Found ZoneTable::answer(const uint8_t* query, const MessageView& view, bool can_truncate, size_t limit,
                                   uint16_t payload_size, uint8_t* out) const {
  if (entries_.empty() || view.qclass != kClassIn || view.has_own_reply || is_meta(view.qtype)) return {};
  WireName name;
  if (!name.read(query + kHeaderSize, view.qname_length)) return {};
  const Entry* entry = find(name, view.qtype);
  if (entry == nullptr || !entry->image.has_value()) return {};
  if (view.has_opt && (view.opt_flags & kFlagDo) != 0 && !Denial::is_cheap(*entry->image)) return {};
  const size_t end = view.question_end;
  if (limit < end + kOptSize) return {};
  if (out != query) {
    memcpy(out + kHeaderSize, query + kHeaderSize, end - kHeaderSize);
    return answer(*entry, name, view, can_truncate, limit, payload_size, out);
  }
  // The handler needs what the records overwrite: the rest of the query.
  uint8_t rest[layout::kMaxDatagram];
  const size_t length = view.has_opt ? size_t{view.options_offset} + view.options_length - end : 0;
  if (length > sizeof rest) return {};
  memcpy(rest, query + end, length);
  const Found found = answer(*entry, name, view, can_truncate, limit, payload_size, out);
  if (found.length == 0) memcpy(out + end, rest, length);
  return found;
}

ZoneTable::Found ZoneTable::answer(const Entry& entry, const WireName& name, const MessageView& view, bool can_truncate,
                                   size_t limit, uint16_t payload_size, uint8_t* out) const {
  const bool dnssec = view.has_opt && (view.opt_flags & kFlagDo) != 0;
  ReplyWriter writer(out, view.question_end, limit - (view.has_opt ? kOptSize : 0), name);
  ZoneAnswer answer(*entry.image, name, view.qtype, dnssec, &writer);
  switch (answer.write()) {
    case ZoneAnswer::Outcome::kVacant:
      if (entry.leaves_vacant) return {};
      break;
    case ZoneAnswer::Outcome::kUnresolved:
      // The handler would find what is here if this zone also answers for the target.
      if (entry.leaves_aliases && (answer.has_alias_proofs() || find(answer.target(), view.qtype) != &entry)) return {};
      break;
    case ZoneAnswer::Outcome::kUnable:
      return {};
    case ZoneAnswer::Outcome::kComplete:
      break;
  }
  if (answer.truncated() && !can_truncate) return {};
  Found found;
  found.length = writer.at();
  if (view.has_opt) {
    found.opt = found.length;
    uint8_t* opt = out + found.opt;
    opt[0] = 0;
    write16(opt + 1, kTypeOpt);
    write16(opt + 3, payload_size);
    write16(opt + 5, 0);  // upper bits of the RCODE, version
    write16(opt + 7, view.opt_flags & kFlagDo);
    write16(opt + 9, 0);
    found.length += kOptSize;
  }
  write16(out, view.id);
  write16(out + 2, kFlagQr | (answer.authoritative() ? kFlagAa : 0) | (answer.truncated() ? kFlagTc : 0) |
                       (view.flags & kKept) | answer.rcode());
  write16(out + 4, 1);
  write16(out + 6, answer.answers());
  write16(out + 8, answer.authorities());
  write16(out + 10, answer.additionals() + (view.has_opt ? 1U : 0));
  return found;
}

}  // namespace multisocket
