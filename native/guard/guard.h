// What stands between clients and answers: cookies, which tell clients that can be reached at their address from those
// that only say so, and the rate at which the others are answered. A GuardState is what the threads of one server
// share; a Guard is one thread's, which asks the clock once a batch.
//
// What can be known before anybody has answered is charged before that, so that a flood costs no more than this look: a
// response of whatever kind, and one to this very question. Errors and NXDOMAIN are charged when the reply is there, as
// NSD and BIND do it, whoever made it. Only datagrams are charged: whoever has a connection can be reached.
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
  // Datagrams with a cookie that is not good get BADCOOKIE, and no answer, whatever their rate.
  bool require_cookies = false;
  CookieSecrets secrets;
  bool limits = false;
  RateLimiter::Options rates;
  uint32_t slip = 2;                     // of so many responses that are too many, one is sent short; 0: none is
  bool report_only = false;              // count what would be held back, and send it
  uint16_t payload_size = kPayloadSize;  // of our OPT records
};

class GuardState {
 public:
  explicit GuardState(const GuardOptions& options) : options_(options) {
    if (options.limits) limiter_.emplace(options.rates);
  }

  const GuardOptions& options() const { return options_; }
  RateLimiter* limiter() { return limiter_.has_value() ? &*limiter_ : nullptr; }  // null: no limits

  // Changes the secrets, for all threads, from their next batch on.
  void set_secrets(const CookieSecrets& secrets);
  // Brings a copy up to date; `version`: of the copy, 0 at first.
  void read_secrets(CookieSecrets* copy, uint32_t* version) const;

 private:
  const GuardOptions options_;
  std::optional<RateLimiter> limiter_;
  mutable std::mutex mutex_;
  CookieSecrets secrets_ = options_.secrets;
  std::atomic<uint32_t> version_{1};
};

// What a guard knows of a message that it lets pass.
struct Guarded {
  CookieState cookie = CookieState::kNone;
  uint8_t fresh[kCookieSize] = {};  // what the reply is to carry, of clients that sent a cookie
  bool unlimited = false;           // nothing of it is charged
  size_t length = 0;                // of the reply that was made in its place

  bool has_cookie() const { return cookie >= CookieState::kClientOnly; }  // whether `fresh` is one
};

class Guard {
 public:
  enum class Fate { kPass, kShort, kDrop };

  explicit Guard(std::shared_ptr<GuardState> state);

  const std::shared_ptr<GuardState>& state() const { return state_; }
  bool limits() const { return state_->limiter() != nullptr; }

  // Reads the clocks, and the secrets where they have changed.
  void begin();

  // Looks at a message on which `examine` has passed `*verdict`, and changes that to kFormatError where the cookie is
  // malformed. kPass: go on as the verdict says; `guarded` says how. kShort: a reply of `guarded->length` octets, which
  // is all that the client gets, stands in `out`, which may be `message`: truncated, BADCOOKIE, or one that only has a
  // cookie. kDrop: nothing is sent. `counters`: a worker's row.
  Fate receive(const uint8_t* message, size_t length, const Origin& origin, Verdict* verdict, MessageView* view,
               Guarded* guarded, uint8_t* out, size_t capacity, double* counters);

  // Looks at a datagram that is about to be sent to `client`, of 16 octets, who is not unlimited. kShort: it was cut to
  // `*length`. `opt`: where its OPT begins; 0: it has none, or that is not known. `now`: RateLimiter::clock().
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
