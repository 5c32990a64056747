// EDNS options for one client, which asks for them by sending them; the cookie is one of them. They are added when the
// rest of the reply is complete, so that a reply from the cache has them too.
#ifndef MULTISOCKET_CLIENT_OPTIONS_H_
#define MULTISOCKET_CLIENT_OPTIONS_H_

#include <cstddef>
#include <cstdint>

#include "guard/server_cookies.h"
#include "message/message_view.h"

namespace multisocket {

// What a server sets for a transport: the opcodes that it takes, and what it puts into the OPT records of replies.
struct EdnsSettings {
  Opcodes opcodes = kQueryAlone;
  uint16_t payload_size = kPayloadSize;  // of UDP
  // The idle timeout of a connection in units of 100 ms (RFC 7828 s.3.1); 0: keepalive is ignored, as over UDP.
  uint16_t keepalive = 0;
  // Replies are padded to multiples of this many octets (RFC 8467 s.4.1); 0: no padding, as on unencrypted transports.
  uint16_t padding_block = 0;
  bool signatures = false;  // whether JavaScript checks the TSIG records of queries
  // The name server identifier (RFC 5001); null: there is none. It is borrowed, not copied.
  const uint8_t* nsid = nullptr;
  size_t nsid_length = 0;

  // Reads the form that JavaScript passes: five 16-bit numbers in network order, in the order of the fields above,
  // then the identifier. `packed` has at least ten octets and must outlive the result.
  static EdnsSettings of(const uint8_t* packed, size_t length);
};

constexpr size_t kMaxNsid = 255;
constexpr size_t kMaxPaddingBlock = 512;
// The most octets that a reply can grow by: identifier, keepalive, cookie, padding.
constexpr size_t kMaxClientOptions = (4 + kMaxNsid) + (4 + 2) + kCookieOptionSize + (4 + kMaxPaddingBlock);

// Adds the options that a query asked for to a reply of `length` octets whose last record is the OPT at `opt`. `asked`:
// bits of AskedOption. `cookie`: kCookieSize octets; null: no cookie. Returns the new length, which is at most the
// larger of `limit` and `length`. An option that does not fit is left out. The cookie is the last to be left out, and
// there should be room for it: each reply to a client that sent a cookie has one (RFC 7873 s.5.2). Padding stops at
// `limit` (RFC 8467 s.4.1 allows this).
size_t add_client_options(uint8_t* reply, size_t length, size_t opt, size_t limit, uint8_t asked, const uint8_t* cookie,
                          const EdnsSettings& settings);

}  // namespace multisocket

#endif  // MULTISOCKET_CLIENT_OPTIONS_H_
