// DNS Cookies (RFC 7873) on the server's side, with the construction of RFC 9018. Other servers with the same secret
// accept them. This code knows messages and hashes, but not threads.
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
  kNone,        // the query has no cookie
  kMalformed,   // the length is invalid: FORMERR (RFC 7873 s.5.2.2)
  kClientOnly,  // the client has no server cookie yet (s.5.2.3)
  kBad,         // made by another server or for another client, or too old (s.5.2.4)
  kGood,        // the client receives at this address (s.5.2.5)
};

// The first secret makes cookies. A cookie made with any of them is valid.
struct CookieSecrets {
  static constexpr size_t kMost = 4;
  static constexpr size_t kSize = 16;

  std::array<SipKey, kMost> keys = {};
  size_t count = 0;

  // Adds a secret of kSize octets. At most kMost can be added.
  void add(const uint8_t* secret);
};

// Returns the data of the first COOKIE option of a query and their length. Only the first one counts (RFC 7873 s.5.2).
// Returns null if there is none. The options must be well-formed, as they are if `examine` returns kQuery.
const uint8_t* find_cookie(const uint8_t* message, const MessageView& view, size_t* length);

// Checks a cookie of `length` octets from `client`, an address of 16 octets; IPv4 is mapped to IPv6. `now`: seconds
// since 1970, modulo 2^32. In the last three states, `fresh`, of kCookieSize octets, is the cookie for the reply. It is
// the client's cookie if that is good, made with our first secret and at most half an hour old; otherwise it is a new
// one (RFC 9018 s.4.3).
CookieState check_cookie(const CookieSecrets& secrets, const uint8_t* cookie, size_t length, const uint8_t* client,
                         uint32_t now, uint8_t* fresh);

// Writes an option with `cookie`: kCookieOptionSize octets.
void write_cookie_option(const uint8_t* cookie, uint8_t* out);

// Whether a message is a query with an OPT but no question, which asks only for a cookie (RFC 7873 s.5.4). Fills `view`
// as `examine` does, with an empty question.
bool examine_without_question(const uint8_t* message, size_t length, MessageView* view);

}  // namespace multisocket

#endif  // MULTISOCKET_SERVER_COOKIES_H_
