// The Client Subnet option of EDNS (RFC 7871 s.6): family, two prefix lengths, and as many octets of the address as the
// first prefix needs.
#ifndef MULTISOCKET_CLIENT_SUBNET_H_
#define MULTISOCKET_CLIENT_SUBNET_H_

#include <cstddef>
#include <cstdint>

#include "message/wire.h"

namespace multisocket {

constexpr uint16_t kOptionClientSubnet = 8;
constexpr size_t kSubnetHead = 4;  // before the address
constexpr size_t kMaxSubnet = kSubnetHead + 16;
constexpr size_t kSubnetSource = 2;
constexpr size_t kSubnetScope = 3;

// Whether the data of the option are those of a query. Family 0 has no address (dig +subnet=0). Bits behind the prefix,
// and the scope, are 0.
inline bool is_client_subnet(const uint8_t* data, size_t size) {
  if (size < kSubnetHead || data[kSubnetScope] != 0) return false;
  const uint16_t family = read16(data);
  const unsigned source = data[kSubnetSource];
  const unsigned most = family == 0 ? 0 : family == 1 ? 32 : 128;
  if (family > 2 || source > most || size - kSubnetHead != (source + 7) / 8) return false;
  return source % 8 == 0 || (data[size - 1] & (0xff >> source % 8)) == 0;
}

}  // namespace multisocket

#endif  // MULTISOCKET_CLIENT_SUBNET_H_
