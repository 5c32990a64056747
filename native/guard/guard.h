// A guard between clients and answers. It checks cookies, which prove that a client receives at its address, and limits
// the rate of responses to the other clients. A GuardState is what all threads of one server share. A Guard belongs to
// one thread and reads the clock once for each batch.
//
// Accounts that do not depend on the answer are charged before the handler is called, so that a flood costs no more
// than this check: the account of all responses and that of this question. Errors and NXDOMAIN are charged when the
// reply is complete, whatever made it, as in NSD and BIND. Only datagrams are charged, since a connection proves the
// client's address.
#ifndef MULTISOCKET_GUARD_H_
#define MULTISOCKET_GUARD_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>

#include "cache/cache_key.h"
#include "guard/rate_limiter.h"
#include "guard/server_cookies.h"
#include "message/message_view.h"

namespace multisocket {

struct GuardOptions {
  bool cookies = false;
  // Datagrams with an invalid cookie and no TSIG get BADCOOKIE and no answer, whatever their rate.
  bool require_cookies = false;
  CookieSecrets secrets;
  bool limits = false;
  RateLimiter::Options rates;
  uint32_t slip = 2;                     // one in `slip` excess responses is truncated; 0: all are dropped
  bool report_only = false;              // count excess responses, but send them
  uint16_t payload_size = kPayloadSize;  // in our OPT records
};

class GuardState {
 public:
  explicit GuardState(const GuardOptions& options) : options_(options) {
    if (options.limits) limiter_.emplace(options.rates);
  }

  const GuardOptions& options() const { return options_; }
  RateLimiter* limiter() { return limiter_.has_value() ? &*limiter_ : nullptr; }  // null: no limits

  // Changes the secrets. Each thread uses them from its next batch on.
  void set_secrets(const CookieSecrets& secrets);
  // Updates a copy if it is old. `version`: of the copy, 0 at first.
  void read_secrets(CookieSecrets* copy, uint32_t* version) const;

 private:
  const GuardOptions options_;
  std::optional<RateLimiter> limiter_;
  mutable std::mutex mutex_;
  CookieSecrets secrets_ = options_.secrets;
  std::atomic<uint32_t> version_{1};
};

// What a guard found out about a message.
struct Guarded {
  CookieState cookie = CookieState::kNone;
  uint8_t fresh[kCookieSize] = {};  // the cookie of the reply, if the client sent one
  bool unlimited = false;           // no account is charged
  size_t length = 0;                // of the reply that the guard made

  bool has_cookie() const { return cookie >= CookieState::kClientOnly; }  // whether `fresh` is a cookie
};

class Guard {
 public:
  enum class Fate { kPass, kShort, kDrop };

  explicit Guard(std::shared_ptr<GuardState> state);

  const std::shared_ptr<GuardState>& state() const { return state_; }
  bool limits() const { return state_->limiter() != nullptr; }

  // Reads the clocks, and the secrets if they have changed.
  void begin();

  // Checks a message for which `examine` returned `*verdict`. A malformed cookie changes the verdict to kFormatError.
  // kPass: continue with the verdict and `guarded`. kShort: a reply of `guarded->length` octets is in `out`, which may
  // be `message`, and is all that the client gets: it is truncated, BADCOOKIE, or has only a cookie. kDrop: send
  // nothing. `counters`: a worker's row.
  Fate receive(const uint8_t* message, size_t length, const Origin& origin, Verdict* verdict, MessageView* view,
               Guarded* guarded, uint8_t* out, size_t capacity, double* counters);

  // Checks a datagram that is about to be sent to `client`, an address of 16 octets that is not unlimited. kShort: the
  // datagram was cut to `*length`. `opt`: offset of its OPT; 0: no OPT, or unknown. `now`: RateLimiter::clock().
  Fate send(const uint8_t* client, uint8_t* reply, size_t* length, size_t opt, uint64_t now, double* counters);

 private:
  Fate judge(bool within, double* counters);
  size_t make_short(const uint8_t* message, const MessageView& view, const Guarded& guarded, uint16_t flags,
                    unsigned rcode, uint8_t* out, size_t capacity) const;
  size_t refuse_cookie(const uint8_t* message, const MessageView& view, const Guarded& guarded, uint8_t* out,
                       size_t capacity, double* counters) const;

  std::shared_ptr<GuardState> state_;
  CookieSecrets secrets_;
  uint32_t version_ = 0;
  uint32_t seconds_ = 0;  // since 1970
  uint64_t ticks_ = 0;    // RateLimiter::clock()
  uint64_t random_;
};

}  // namespace multisocket

#endif  // MULTISOCKET_GUARD_H_
