// DNS Cookies as a server makes and checks them: RFC 7873 with the construction of RFC 9018, which other servers that
// have the same secret understand. Knows messages and hashes; nothing of threads.
#ifndef MULTISOCKET_SERVER_COOKIES_H_
#define MULTISOCKET_SERVER_COOKIES_H_

#include <array>
#include <cstddef>
#include <cstdint>

#include "guard/siphash.h"
#include "message/message_view.h"

namespace multisocket {

constexpr uint16_t kOptionCookie = 10;
constexpr size_t kCookieSize = 24;  // the client's 8 octets and our 16
constexpr size_t kCookieOptionSize = 4 + kCookieSize;

enum class CookieState : uint8_t {
  kNone,        // the client does not do cookies
  kMalformed,   // of a length that none has: FORMERR (RFC 7873 s.5.2.2)
  kClientOnly,  // a client that we have not met (s.5.2.3)
  kBad,         // not ours, not this client's, or too old (s.5.2.4)
  kGood,        // whoever sends it receives at this address (s.5.2.5)
};

// The first secret makes cookies; any of them may have made one that a client brings.
struct CookieSecrets {
  static constexpr size_t kMost = 4;
  static constexpr size_t kSize = 16;

  std::array<SipKey, kMost> keys = {};
  size_t count = 0;

  // Adds a secret of kSize octets. There is room for kMost.
  void add(const uint8_t* secret);
};

// The first COOKIE option of a query, which is the only one that counts (RFC 7873 s.5.2): its data in `message` and
// their length; null where there is none. The options fit, as they do where `examine` says kQuery.
const uint8_t* find_cookie(const uint8_t* message, const MessageView& view, size_t* length);

// Checks the cookie of `length` octets that came from `client`, an address of 16 octets, those of IPv4 within IPv6.
// `now`: seconds since 1970, modulo 2^32. In the last three states `fresh`, of kCookieSize octets, is what the reply is
// to carry: what came where that is good, from our first secret and at most half an hour old, else a new one
// (RFC 9018 s.4.3).
CookieState check_cookie(const CookieSecrets& secrets, const uint8_t* cookie, size_t length, const uint8_t* client,
                         uint32_t now, uint8_t* fresh);

// Writes the option that carries `cookie`: kCookieOptionSize octets.
void write_cookie_option(const uint8_t* cookie, uint8_t* out);

// Whether a message is a query with no question but an OPT, by which a client asks for a cookie alone (RFC 7873 s.5.4).
// Fills `view` as `examine` does, the question being empty.
bool examine_without_question(const uint8_t* message, size_t length, MessageView* view);

}  // namespace multisocket

#endif  // MULTISOCKET_SERVER_COOKIES_H_
