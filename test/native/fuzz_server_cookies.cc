// libFuzzer target: arbitrary octets as a message whose cookie is found, checked and renewed. Input: the time (4
// octets), the client's address (16), the message.
#include <cstdlib>
#include <cstring>
#include <memory>

#include "guard/server_cookies.h"

using namespace multisocket;

namespace {

// abort() and not assert(), so that NDEBUG has no effect.
void require(bool holds) {
  if (!holds) abort();
}

CookieSecrets two_secrets() {
  static constexpr uint8_t kNew[CookieSecrets::kSize] = {1};
  static constexpr uint8_t kOld[CookieSecrets::kSize] = {2};
  CookieSecrets secrets;
  secrets.add(kNew);
  secrets.add(kOld);
  return secrets;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  constexpr size_t kClient = 4;
  constexpr size_t kMessage = kClient + 16;
  if (size < kMessage || size > kMessage + UINT16_MAX) return 0;
  uint32_t now;
  memcpy(&now, data, sizeof now);
  const uint8_t* client = data + kClient;
  const size_t length = size - kMessage;
  // Memory of exactly this length, so that the sanitizer detects the first octet too many.
  const std::unique_ptr<uint8_t[]> message(new uint8_t[length]);
  if (length > 0) memcpy(message.get(), data + kMessage, length);

  MessageView view;
  const Verdict verdict = examine(message.get(), length, &view);
  MessageView bare;
  const bool is_bare = examine_without_question(message.get(), length, &bare);
  if (is_bare) {
    require(verdict == Verdict::kFormatError && bare.question_end == 12 && bare.has_opt);
    require(size_t{bare.options_offset} + bare.options_length == length);
    view = bare;
  } else if (verdict != Verdict::kQuery) {
    return 0;
  }

  static const CookieSecrets secrets = two_secrets();
  size_t cookie_length = 0;
  const uint8_t* cookie = find_cookie(message.get(), view, &cookie_length);
  require(cookie == nullptr || cookie + cookie_length <= message.get() + length);
  uint8_t fresh[kCookieSize];
  const CookieState state = check_cookie(secrets, cookie, cookie_length, client, now, fresh);
  require((state == CookieState::kNone) == (cookie == nullptr));
  if (state < CookieState::kClientOnly) return 0;
  require((state == CookieState::kClientOnly) == (cookie_length == 8));
  // The reply keeps the client part, and the new cookie is good at once.
  require(memcmp(fresh, cookie, 8) == 0);
  uint8_t again[kCookieSize];
  require(check_cookie(secrets, fresh, kCookieSize, client, now, again) == CookieState::kGood);
  if (state != CookieState::kGood) require(memcmp(fresh, again, kCookieSize) == 0);
  return 0;
}
