// IP addresses as 16 octets. An IPv4 address is mapped to IPv6, ::ffff:0:0/96 (RFC 4291 s.2.5.5.2).
#ifndef MULTISOCKET_ADDRESS_H_
#define MULTISOCKET_ADDRESS_H_

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace multisocket {

constexpr size_t kAddressSize = 16;
constexpr uint8_t kMappedPrefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

inline bool is_mapped(const uint8_t* address) { return memcmp(address, kMappedPrefix, sizeof kMappedPrefix) == 0; }

}  // namespace multisocket

#endif  // MULTISOCKET_ADDRESS_H_
