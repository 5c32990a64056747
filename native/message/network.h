// A network: the IP addresses that begin with the same bits.
#ifndef MULTISOCKET_NETWORK_H_
#define MULTISOCKET_NETWORK_H_

#include <algorithm>
#include <cstdint>
#include <vector>

namespace multisocket {

// Addresses have 16 octets; IPv4 is mapped to IPv6.
class Network {
 public:
  Network(const uint8_t* address, unsigned prefix_length)
      : mask_{mask_of(prefix_length), mask_of(prefix_length < 64 ? 0 : prefix_length - 64)},
        bits_{read64(address) & mask_[0], read64(address + 8) & mask_[1]} {}

  bool has(const uint8_t* address) const {
    return (read64(address) & mask_[0]) == bits_[0] && (read64(address + 8) & mask_[1]) == bits_[1];
  }

  static bool any_has(const std::vector<Network>& networks, const uint8_t* address) {
    return std::any_of(networks.begin(), networks.end(), [&](const Network& network) { return network.has(address); });
  }

 private:
  static uint64_t read64(const uint8_t* at) {
    uint64_t value = 0;
    for (unsigned i = 0; i < 8; i++) value = value << 8 | at[i];
    return value;
  }
  static uint64_t mask_of(unsigned prefix_length) {
    if (prefix_length == 0) return 0;
    return prefix_length >= 64 ? UINT64_MAX : UINT64_MAX << (64 - prefix_length);
  }

  uint64_t mask_[2];
  uint64_t bits_[2];
};

}  // namespace multisocket

#endif  // MULTISOCKET_NETWORK_H_
