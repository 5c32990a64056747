// EDNS options that a client asks for by sending them and that are answered to it alone, its cookie among them: a reply
// gets them when all else of it is done, so that one from the cache has them as well.
#ifndef MULTISOCKET_CLIENT_OPTIONS_H_
#define MULTISOCKET_CLIENT_OPTIONS_H_

#include <cstddef>
#include <cstdint>

#include "guard/server_cookies.h"
#include "message/message_view.h"

namespace multisocket {

// What a transport says in the OPT records of its replies.
struct EdnsSettings {
  uint16_t payload_size = kPayloadSize;  // of UDP
  // How long a connection may rest, in units of 100 ms (RFC 7828 s.3.1); 0: the option means nothing here, as over UDP.
  uint16_t keepalive = 0;
  // Replies are padded to multiples of so many octets (RFC 8467 s.4.1); 0: none is, as nothing is encrypted.
  uint16_t padding_block = 0;
  // The name server identifier (RFC 5001); null: there is none. It is not copied.
  const uint8_t* nsid = nullptr;
  size_t nsid_length = 0;

  // The form in which JavaScript gives them: three numbers of 16 bits in network order, as they stand above, then the
  // identifier. `packed` has at least six octets, and stays as long as the result is of use.
  static EdnsSettings of(const uint8_t* packed, size_t length);
};

constexpr size_t kMaxNsid = 255;
constexpr size_t kMaxPaddingBlock = 512;
// Octets by which a reply can grow: identifier, keepalive, cookie, padding.
constexpr size_t kMaxClientOptions = (4 + kMaxNsid) + (4 + 2) + kCookieOptionSize + (4 + kMaxPaddingBlock);

// Adds the options that a query has asked for (`asked`: bits of AskedOption) and `cookie`, of kCookieSize octets (null:
// none is owed), to the reply of `length` octets whose last record is the OPT at `opt`, and returns its new length: at
// most `limit`, or `length` where that is more. An option that does not fit is left out, others before the cookie, for
// which there should be room: each reply to who sent one has one (RFC 7873 s.5.2). Padding ends at `limit` (RFC 8467
// s.4.1 lets it).
size_t add_client_options(uint8_t* reply, size_t length, size_t opt, size_t limit, uint8_t asked, const uint8_t* cookie,
                          const EdnsSettings& settings);

}  // namespace multisocket

#endif  // MULTISOCKET_CLIENT_OPTIONS_H_
