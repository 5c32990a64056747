// libFuzzer target: arbitrary octets as messages that a guard checks, and as replies that it is about to send. Input:
// the options (4 octets), then messages. Before each message are its length (2 octets), its use (1) and its client (1).
#include <cstdlib>
#include <cstring>
#include <memory>

#include "guard/guard.h"
#include "message/layout.h"
#include "message/query_origin.h"
#include "message/wire.h"

using namespace multisocket;

namespace {

// abort() and not assert(), so that NDEBUG has no effect.
void require(bool holds) {
  if (!holds) abort();
}

constexpr size_t kCapacity = 600;

GuardOptions read_options(const uint8_t* data) {
  static constexpr uint8_t kSecret[CookieSecrets::kSize] = {1};
  static constexpr uint8_t kExempt[16] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 0, 0, 255};
  GuardOptions options;
  options.cookies = data[0] & 1;
  options.require_cookies = data[0] & 2;
  options.limits = data[0] & 4;
  options.report_only = (data[0] & 0x38) == 8;
  options.secrets.add(kSecret);
  for (uint32_t& rate : options.rates.rates) rate = data[1];
  options.rates.rates[RateLimiter::kErrors] = data[2];
  options.rates.table_size = 8;
  options.rates.exempt.emplace_back(kExempt, 128);
  options.slip = data[3] % 4;
  return options;
}

class Run {
 public:
  explicit Run(const uint8_t* options)
      : state_(std::make_shared<GuardState>(read_options(options))),
        guard_(state_),
        cookies_(state_->options().cookies) {}

  void receive(const uint8_t* message, size_t length, uint8_t how, uint8_t client) {
    const Origin origin = origin_of(how, client);
    MessageView view;
    Verdict verdict = examine(message, length, &view);
    const Verdict before = verdict;
    Guarded guarded;
    uint8_t out[kCapacity];
    const Guard::Fate fate =
        guard_.receive(message, length, origin, &verdict, &view, &guarded, out, capacity_, counters_);
    require((fate == Guard::Fate::kShort) == (guarded.length > 0) && guarded.length <= capacity_);
    require(verdict == before || (cookies_ && guarded.cookie == CookieState::kMalformed));
    if (before == Verdict::kShort || before == Verdict::kResponse) require(fate == Guard::Fate::kPass);
    if (origin.transport != Transport::kUdp) require(!guarded.unlimited && fate != Guard::Fate::kDrop);
    if (fate != Guard::Fate::kShort) return;
    // A reply with this client's ID. It is longer than the query by at most the server part of a cookie.
    require(memcmp(out, message, 2) == 0 && (out[2] & 0x80) != 0 && guarded.length <= length + kCookieSize - 8);
    MessageView again;
    require(examine(out, guarded.length, &again) == Verdict::kResponse);
    require(read16(out + 6) == 0 && read16(out + 8) == 0 && out[11] == view.has_opt);
    out[2] &= 0x78;
    if (view.question_end > 12) require(examine(out, guarded.length, &again) == Verdict::kQuery);
  }

  void send(const uint8_t* message, size_t length, uint8_t how, uint8_t client) {
    const std::unique_ptr<uint8_t[]> reply(new uint8_t[length]);
    memcpy(reply.get(), message, length);
    size_t left = length;
    const size_t opt = how & 0x40 ? read16(message) : 0;
    const Guard::Fate fate = guard_.send(origin_of(0, client).client, reply.get(), &left, opt, 0, counters_);
    require(left <= length);
    if (fate != Guard::Fate::kShort) require(left == length);
  }

  bool limits() const { return guard_.limits(); }
  void begin() { guard_.begin(); }

 private:
  Origin origin_of(uint8_t how, uint8_t client) {
    const uint8_t address[4] = {10, 0, static_cast<uint8_t>(client & 3), client};
    origin_.set_client(address, sizeof address);
    origin_.set_transport(how & 1 ? Transport::kTcp : Transport::kUdp);
    capacity_ = how & 2 ? kCapacity : how;
    return QueryOrigin::of(origin_.bytes());
  }

  std::shared_ptr<GuardState> state_;
  Guard guard_;
  bool cookies_;
  QueryOrigin origin_;
  size_t capacity_ = kCapacity;
  double counters_[layout::kWorkerRow] = {};
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  constexpr size_t kOptions = 4;
  constexpr size_t kHead = 4;
  if (size < kOptions) return 0;
  Run run(data);
  for (size_t at = kOptions; at + kHead <= size;) {
    const size_t length = read16(data + at);
    const uint8_t how = data[at + 2];
    const uint8_t client = data[at + 3];
    at += kHead;
    if (length > size - at) return 0;
    // Memory of exactly this length, so that the sanitizer detects the first octet too many.
    const std::unique_ptr<uint8_t[]> message(new uint8_t[length]);
    if (length > 0) memcpy(message.get(), data + at, length);
    at += length;
    if ((how & 0x80) == 0) {
      run.receive(message.get(), length, how, client);
    } else if (run.limits() && length >= 2) {
      run.send(message.get(), length, how, client);
    }
    if (how & 0x20) run.begin();
  }
  return 0;
}
