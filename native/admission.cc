#include "admission.h"

#include <algorithm>

#include "message_view.h"
#include "seconds.h"

namespace multisocket {
namespace {

layout::WorkerCounter counter_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::kShort:
      return layout::kDroppedShort;
    case Verdict::kResponse:
      return layout::kDroppedResponse;
    case Verdict::kNotImplemented:
      return layout::kNotImplemented;
    case Verdict::kBadVersion:
      return layout::kBadVersions;
    default:
      return layout::kFormatErrors;
  }
}

}  // namespace

void Admission::begin() {
  text_used_ = 0;
  now_ = seconds();
}

Admission::Outcome Admission::admit(uint8_t* base, uint32_t offset, uint32_t length, uint32_t row, Cached* cached) {
  uint8_t* message = base + offset;
  uint32_t* words = rows_ + row * layout::kQueryWords;
  MessageView view;
  Verdict verdict = examine(message, length, &view);
  if (verdict == Verdict::kQuery && (view.asked & kKeepaliveWithTime) && edns_.keepalive != 0) {
    verdict = Verdict::kFormatError;
  }
  words[layout::kOffset] = offset;
  if (verdict != Verdict::kQuery) {
    layout::count(counters_ + counter_of(verdict));
    const size_t reply = make_error_reply(message, view, verdict, edns_.payload_size);
    words[layout::kLength] = static_cast<uint32_t>(reply);
    return static_cast<Outcome>(words[layout::kVerdict] = reply != 0 ? kReply : kDrop);
  }
  if (cached->front != nullptr) {
    // The reply may be written over the query, of which only `view` is left then.
    const size_t growth = view.asked == 0 ? 0 : kMaxClientOptions;
    const size_t capacity = cached->capacity > growth ? cached->capacity - growth : 0;
    const AnswerCache::Found found = cached->front->look_up(message, view, cached->origin, now_, cached->out, capacity);
    cached->length = found.length;
    if (found.opt != 0 && view.asked != 0) {
      const size_t limit =
          std::min<size_t>(reply_limit(view, cached->origin.transport, edns_.payload_size), cached->capacity);
      cached->length = add_client_options(cached->out, found.length, found.opt, limit, view.asked, edns_);
    }
    if (found.length != 0) {
      layout::count(counters_ + layout::kCacheHits);
      return kReply;
    }
  }
  size_t spelling;
  const size_t name_length = write_name(message, reinterpret_cast<char*>(text_ + text_used_), &spelling);
  words[layout::kLength] = length;
  words[layout::kIdAndFlags] = static_cast<uint32_t>(view.id) << 16 | view.flags;
  words[layout::kTypeAndClass] = static_cast<uint32_t>(view.qtype) << 16 | view.qclass;
  words[layout::kQuestionEnd] = view.question_end;
  words[layout::kKeyOffset] = text_offset_ + text_used_;
  words[layout::kKeyLength] = static_cast<uint32_t>(name_length);
  words[layout::kNameOffset] = text_offset_ + text_used_ + static_cast<uint32_t>(spelling);
  words[layout::kEdns] = view.has_opt;
  words[layout::kEdnsSizeAndFlags] = static_cast<uint32_t>(view.payload_size) << 16 | view.opt_flags;
  words[layout::kOptionsOffset] = view.options_offset;
  words[layout::kOptionsLength] = view.options_length;
  words[layout::kAsked] = view.asked;
  text_used_ += static_cast<uint32_t>(name_length + spelling);
  return static_cast<Outcome>(words[layout::kVerdict] = kQuery);
}

}  // namespace multisocket
