#include "guard/guard.h"

#include <cstring>
#include <utility>

#include "guard/random_key.h"
#include "message/coarse_clock.h"
#include "message/layout.h"
#include "message/wire.h"

namespace multisocket {
namespace {

constexpr uint16_t kKept = kOpcodeMask | kFlagRd | kFlagCd;  // which a reply copies from its query

bool by_datagram(const Origin& origin) { return origin.transport == Transport::kUdp; }

// Returns the offset after the question of a message that we made. Its name is not compressed.
size_t question_end(const uint8_t* message, size_t length) {
  if (read16(message + 4) == 0) return kHeaderSize;
  size_t at = kHeaderSize;
  while (at < length && message[at] != 0) at += message[at] + 1U;
  return at + 5 <= length ? at + 5 : 0;
}

}  // namespace

void GuardState::set_secrets(const CookieSecrets& secrets) {
  const std::lock_guard<std::mutex> lock(mutex_);
  secrets_ = secrets;
  version_.fetch_add(1, std::memory_order_release);
}

void GuardState::read_secrets(CookieSecrets* copy, uint32_t* version) const {
  if (version_.load(std::memory_order_acquire) == *version) return;
  const std::lock_guard<std::mutex> lock(mutex_);
  *copy = secrets_;
  *version = version_.load(std::memory_order_relaxed);
}

Guard::Guard(std::shared_ptr<GuardState> state) : state_(std::move(state)), random_(random_key().low | 1) { begin(); }

void Guard::begin() {
  if (limits()) ticks_ = RateLimiter::clock();
  if (!state_->options().cookies) return;
  seconds_ = static_cast<uint32_t>(read_clock(kWallClock).tv_sec);
  state_->read_secrets(&secrets_, &version_);
}

Guard::Fate Guard::receive(const uint8_t* message, size_t length, const Origin& origin, Verdict* verdict,
                           MessageView* view, Guarded* guarded, uint8_t* out, size_t capacity, double* counters) {
  if (*verdict == Verdict::kShort || *verdict == Verdict::kResponse) return Fate::kPass;
  const GuardOptions& options = state_->options();
  bool bare = false;
  if (options.cookies) {
    bare = *verdict == Verdict::kFormatError && examine_without_question(message, length, view);
    if (bare || *verdict == Verdict::kQuery) {
      size_t size = 0;
      const uint8_t* cookie = find_cookie(message, *view, &size);
      guarded->cookie = check_cookie(secrets_, cookie, size, origin.client, seconds_, guarded->fresh);
      if (guarded->cookie == CookieState::kMalformed) *verdict = Verdict::kFormatError;
      bare = bare && guarded->has_cookie();
    }
  }
  const bool query = *verdict == Verdict::kQuery;
  if (by_datagram(origin) && limits()) {
    RateLimiter& limiter = *state_->limiter();
    const bool known = guarded->cookie == CookieState::kGood;
    if (known) layout::count(counters + layout::kRateLimitBypassed);
    guarded->unlimited = known || limiter.exempt(origin.client);
    if (!guarded->unlimited) {
      // Both accounts are charged, even if the first is overdrawn.
      bool within = limiter.charge(RateLimiter::kAll, origin.client, ticks_);
      if (query || bare) {
        const size_t name_length = view->question_end > kHeaderSize ? view->qname_length : 0;
        within &= limiter.charge(RateLimiter::kAnswers, origin.client, message + kHeaderSize, name_length, view->qtype,
                                 ticks_);
      }
      const Fate fate = judge(within, counters);
      if (fate == Fate::kDrop) return fate;
      if (fate == Fate::kShort && (query || bare)) {
        guarded->length = guarded->cookie == CookieState::kNone
                              ? make_short(message, *view, *guarded, kFlagTc, 0, out, capacity)
                              : refuse_cookie(message, *view, *guarded, out, capacity, counters);
        guarded->unlimited = true;  // it has been charged already
        return guarded->length == 0 ? Fate::kDrop : fate;
      }
    }
  }
  const bool refused = guarded->cookie == CookieState::kBad || guarded->cookie == CookieState::kClientOnly;
  // A BADCOOKIE is not signed, and a client with a key does not take it (RFC 8945 s.5.3). Its signature is checked
  // instead.
  const bool signed_query = view->tsig != 0;
  if (refused && query && !signed_query && options.require_cookies && by_datagram(origin)) {
    guarded->length = refuse_cookie(message, *view, *guarded, out, capacity, counters);
    return guarded->length == 0 ? Fate::kDrop : Fate::kShort;
  }
  if (!bare) return Fate::kPass;
  // RFC 7873 s.5.4: NOERROR, or BADCOOKIE if the server part is not valid.
  guarded->length = guarded->cookie == CookieState::kBad
                        ? refuse_cookie(message, *view, *guarded, out, capacity, counters)
                        : make_short(message, *view, *guarded, 0, 0, out, capacity);
  // If there is no room, as in a stream whose client reads too slowly, the message gets FORMERR like any other
  // without a question.
  return guarded->length == 0 ? Fate::kPass : Fate::kShort;
}

Guard::Fate Guard::send(const uint8_t* client, uint8_t* reply, size_t* length, size_t opt, uint64_t now,
                        double* counters) {
  if (*length < kHeaderSize) return Fate::kPass;
  if (opt + kOptSize > *length) opt = 0;
  const unsigned rcode = (reply[3] & 15U) | (opt == 0 ? 0U : reply[opt + 5] * 16U);
  if (rcode == 0) return Fate::kPass;
  RateLimiter& limiter = *state_->limiter();
  const bool is_error = rcode != kRcodeNxDomain;
  if (limiter.exempt(client)) return Fate::kPass;
  const Fate fate =
      judge(limiter.charge(is_error ? RateLimiter::kErrors : RateLimiter::kNxDomain, client, now), counters);
  // An error is short already, and TCP does not improve it. One in `slip` is sent unchanged, as in BIND.
  if (fate != Fate::kShort || is_error) return fate;
  size_t end = question_end(reply, *length);
  const size_t opt_size = opt == 0 ? 0 : kOptSize + read16(reply + opt + 9);
  if (end == 0 || (opt != 0 && (end > opt || opt + opt_size > *length))) return Fate::kDrop;
  write16(reply + 2, (read16(reply + 2) & (kFlagQr | kKept)) | kFlagTc);
  memset(reply + 6, 0, 6);
  if (opt != 0) {
    reply[11] = 1;
    memmove(reply + end, reply + opt, opt_size);
    end += opt_size;
  }
  *length = end;
  return fate;
}

// Decides what happens to a response. A response within its rate passes.
Guard::Fate Guard::judge(bool within, double* counters) {
  if (within) return Fate::kPass;
  const GuardOptions& options = state_->options();
  // The choice is random and not in turn, so that a client cannot arrange to be next (xorshift64, Marsaglia 2003).
  random_ ^= random_ << 13, random_ ^= random_ >> 7, random_ ^= random_ << 17;
  const bool slips = options.slip != 0 && (random_ >> 32) % options.slip == 0;
  layout::count(counters + (slips ? layout::kRateLimitSlipped : layout::kRateLimitDropped));
  if (options.report_only) return Fate::kPass;
  return slips ? Fate::kShort : Fate::kDrop;
}

size_t Guard::refuse_cookie(const uint8_t* message, const MessageView& view, const Guarded& guarded, uint8_t* out,
                            size_t capacity, double* counters) const {
  layout::count(counters + layout::kBadCookies);
  return make_short(message, view, guarded, 0, kRcodeBadCookie, out, capacity);
}

// Writes a reply with the question and, if the client sent an OPT, an OPT. Returns its length, or 0 if there is no
// room.
size_t Guard::make_short(const uint8_t* message, const MessageView& view, const Guarded& guarded, uint16_t flags,
                         unsigned rcode, uint8_t* out, size_t capacity) const {
  const bool has_cookie = guarded.has_cookie();
  const size_t end = view.question_end;
  const size_t options = has_cookie ? kCookieOptionSize : 0;
  const size_t length = end + (view.has_opt ? kOptSize + options : 0);
  if (length > capacity) return 0;
  const uint16_t opt_flags = view.opt_flags & kFlagDo;
  if (out != message) memcpy(out + kHeaderSize, message + kHeaderSize, end - kHeaderSize);
  write16(out, view.id);
  write16(out + 2, kFlagQr | flags | (view.flags & kKept) | (rcode & 15));
  write16(out + 4, end > kHeaderSize ? 1 : 0);
  memset(out + 6, 0, 5);
  out[11] = view.has_opt;
  if (!view.has_opt) return length;
  uint8_t* opt = out + end;
  opt[0] = 0;
  write16(opt + 1, kTypeOpt);
  write16(opt + 3, state_->options().payload_size);
  opt[5] = static_cast<uint8_t>(rcode >> 4);
  opt[6] = 0;
  write16(opt + 7, opt_flags);
  write16(opt + 9, static_cast<uint32_t>(options));
  if (has_cookie) write_cookie_option(guarded.fresh, opt + kOptSize);
  return length;
}

}  // namespace multisocket
