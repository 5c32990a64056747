// Addresses in text, in Node's form.
#ifndef MULTISOCKET_TEXT_ADDRESS_H_
#define MULTISOCKET_TEXT_ADDRESS_H_

#include <netinet/in.h>
#include <uv.h>

#include <cstddef>
#include <cstdint>
#include <string>

namespace multisocket {

// Writes the octets of a valid address to `address`, which has room for 16 octets, and ignores a zone. `*length`: 4 or
// 16.
inline void parse_address(const std::string& text, uint8_t* address, size_t* length) {
  *length = uv_inet_pton(AF_INET, text.c_str(), address) == 0 ? 4 : 16;
  if (*length == 16) uv_inet_pton(AF_INET6, text.substr(0, text.find('%')).c_str(), address);
}

// The address and port that a socket is bound to, as `192.0.2.1:53` or `[2001:db8::1]:53`; empty: the socket is not
// bound.
inline std::string local_address(int descriptor) {
  sockaddr_storage address{};
  socklen_t length = sizeof address;
  if (getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &length) != 0) return {};
  char text[INET6_ADDRSTRLEN] = "";
  if (address.ss_family == AF_INET6) {
    const auto* in6 = reinterpret_cast<const sockaddr_in6*>(&address);
    uv_ip6_name(in6, text, sizeof text);
    return '[' + std::string(text) + "]:" + std::to_string(ntohs(in6->sin6_port));
  }
  const auto* in4 = reinterpret_cast<const sockaddr_in*>(&address);
  uv_ip4_name(in4, text, sizeof text);
  return std::string(text) + ':' + std::to_string(ntohs(in4->sin_port));
}

}  // namespace multisocket

#endif  // MULTISOCKET_TEXT_ADDRESS_H_
