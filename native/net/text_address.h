// Addresses in text, as Node gives them.
#ifndef MULTISOCKET_TEXT_ADDRESS_H_
#define MULTISOCKET_TEXT_ADDRESS_H_

#include <netinet/in.h>
#include <uv.h>

#include <cstddef>
#include <cstdint>
#include <string>

namespace multisocket {

// Writes the octets of an address, which is one, to `address`, of 16 octets, without the zone that may follow it;
// `*length`: 4 or 16.
inline void parse_address(const std::string& text, uint8_t* address, size_t* length) {
  *length = uv_inet_pton(AF_INET, text.c_str(), address) == 0 ? 4 : 16;
  if (*length == 16) uv_inet_pton(AF_INET6, text.substr(0, text.find('%')).c_str(), address);
}

}  // namespace multisocket

#endif  // MULTISOCKET_TEXT_ADDRESS_H_
