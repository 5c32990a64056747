#include "message/admission.h"

#include <algorithm>

#include "cache/seconds.h"
#include "message/message_view.h"
#include "message/wire.h"

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

size_t less(size_t size, size_t by) { return size > by ? size - by : 0; }

}  // namespace

void Admission::begin() {
  text_used_ = 0;
  now_ = seconds();
  if (guard_ != nullptr) guard_->begin();
}

layout::RowVerdict Admission::admit(const ReadSection& section, uint8_t* base, uint32_t offset, uint32_t length,
                                    uint32_t row, Exchange* exchange) {
  uint8_t* message = base + offset;
  uint32_t* words = rows_ + row * layout::kQueryWords;
  MessageView view;
  Verdict verdict = examine(message, length, &view, edns_.opcodes);
  if (verdict == Verdict::kQuery && (view.asked & kKeepaliveWithTime) && edns_.keepalive != 0) {
    verdict = Verdict::kFormatError;
  }
  if (!edns_.signatures) view.tsig = 0;
  words[layout::kOffset] = offset;
  Guarded guarded;
  if (guard_ != nullptr) {
    const Guard::Fate fate = guard_->receive(message, length, exchange->origin, &verdict, &view, &guarded,
                                             exchange->out, exchange->capacity, counters_);
    exchange->unlimited = guarded.unlimited;
    exchange->length = guarded.length;
    exchange->opt = view.has_opt ? view.question_end : 0;
    if (fate == Guard::Fate::kShort) return layout::kVerdictReply;
    if (fate == Guard::Fate::kDrop)
      return static_cast<layout::RowVerdict>(words[layout::kVerdict] = layout::kVerdictDrop);
  }
  if (verdict != Verdict::kQuery) {
    layout::count(counters_ + counter_of(verdict));
    const size_t reply = make_error_reply(message, view, verdict, edns_.payload_size);
    words[layout::kLength] = static_cast<uint32_t>(reply);
    // Only BADVERS has a response code of more than four bits.
    exchange->opt = verdict == Verdict::kBadVersion ? view.question_end : 0;
    return static_cast<layout::RowVerdict>(words[layout::kVerdict] =
                                               reply != 0 ? layout::kVerdictReply : layout::kVerdictDrop);
  }
  if (exchange->front != nullptr) {
    const bool answered = exchange->front->log() == nullptr
                              ? look_up(section, message, view, guarded, exchange)
                              : look_up_logged(section, message, length, view, guarded, words, exchange);
    if (answered) return layout::kVerdictReply;
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
  words[layout::kTsig] = view.tsig;
  words[layout::kHasCookie] = guarded.has_cookie();
  if (guarded.has_cookie()) {
    for (size_t at = 0; at < kCookieSize; at += 4) words[layout::kCookie + at / 4] = read32(guarded.fresh + at);
  }
  text_used_ += static_cast<uint32_t>(name_length + spelling);
  return static_cast<layout::RowVerdict>(words[layout::kVerdict] = layout::kVerdictQuery);
}

// Answers from the zones or the caches, and adds the options for this client.
bool Admission::look_up(const ReadSection& section, const uint8_t* message, const MessageView& view,
                        const Guarded& guarded, Exchange* exchange) {
  const size_t limit =
      std::min<size_t>(reply_limit(view, exchange->origin.transport, edns_.payload_size), exchange->capacity);
  // The reply may overwrite the query. Only `view` is left of it then.
  if (!ask_zones(message, view, limit, guarded, exchange) &&
      !ask_caches(section, message, view, limit, guarded, exchange)) {
    return false;
  }
  const uint8_t* cookie = guarded.has_cookie() ? guarded.fresh : nullptr;
  if (exchange->opt != 0 && (view.asked != 0 || cookie != nullptr)) {
    exchange->length =
        add_client_options(exchange->out, exchange->length, exchange->opt, limit, view.asked, cookie, edns_);
  }
  return true;
}

bool Admission::ask_zones(const uint8_t* message, const MessageView& view, size_t limit, const Guarded& guarded,
                          Exchange* exchange) {
  const ZoneTable* zones = exchange->front->zones();
  if (zones == nullptr) return false;
  const Transport transport = exchange->origin.transport;
  // A handler's reply may be longer than a slot.
  const bool can_truncate =
      transport == Transport::kUdp && reply_limit(view, transport, edns_.payload_size) <= exchange->capacity;
  const size_t room = guarded.has_cookie() ? less(limit, kCookieOptionSize) : limit;
  const ZoneTable::Found found = zones->answer(message, view, can_truncate, room, edns_.payload_size, exchange->out);
  if (found.length == 0) return false;
  layout::count(counters_ + layout::kZoneAnswers);
  exchange->length = found.length;
  exchange->opt = found.opt;
  return true;
}

bool Admission::ask_caches(const ReadSection& section, const uint8_t* message, const MessageView& view, size_t limit,
                           const Guarded& guarded, Exchange* exchange) {
  size_t capacity = view.asked == 0 ? exchange->capacity : less(exchange->capacity, kMaxClientOptions);
  if (guarded.has_cookie()) capacity = std::min(capacity, less(limit, kCookieOptionSize));
  const AnswerCache::Found found =
      exchange->front->look_up(section, message, view, exchange->origin, now_, exchange->out, capacity);
  if (found.length == 0) return false;
  layout::count(counters_ + layout::kCacheHits);
  exchange->length = found.length;
  exchange->opt = found.opt;
  exchange->cached = true;
  return true;
}

// As look_up(), and records the answer in the query log. Without an answer, it notes when the query was taken up.
bool Admission::look_up_logged(const ReadSection& section, const uint8_t* message, uint32_t length,
                               const MessageView& view, const Guarded& guarded, uint32_t* words, Exchange* exchange) {
  QueryLog* log = exchange->front->log();
  const uint32_t started = words[layout::kTakenUp] = QueryLog::microseconds();
  const bool sampled = log->samples();
  const uint8_t* query = sampled ? log->keep(message, length) : message;
  if (!look_up(section, message, view, guarded, exchange)) return false;
  if (!sampled) return true;
  const uint8_t* reply = exchange->out;
  unsigned rcode = reply[3] & 0xfU;
  if (exchange->opt != 0) rcode |= static_cast<unsigned>(reply[exchange->opt + 5]) << 4;  // RFC 6891 s.6.1.3
  const QueryLog::Outcome outcome = {reply, exchange->length, static_cast<uint16_t>(rcode), exchange->cached};
  log->record(query, length, view.question_end, exchange->origin.client, started, outcome);
  return true;
}

}  // namespace multisocket
