// The origin of a query as 37 octets: where it came from and where it went. All transports use this form, so that they
// share cached answers.
#ifndef MULTISOCKET_QUERY_ORIGIN_H_
#define MULTISOCKET_QUERY_ORIGIN_H_

#include <netinet/in.h>

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "cache/cache_key.h"
#include "message/address.h"

namespace multisocket {

class QueryOrigin {
 public:
  // The client's address, our address, our port, the transport, the client's port. The cache does not read the last.
  // IPv4 addresses are mapped to IPv6 (::ffff:0:0/96).
  static constexpr size_t kTransport = 2 * kAddressSize + 2;
  static constexpr size_t kClientPort = kTransport + 1;
  static constexpr size_t kSize = kClientPort + 2;

  void set_client(const uint8_t* address, size_t length) { put(bytes_, address, length); }
  void set_local(const uint8_t* address, size_t length) { put(bytes_ + kAddressSize, address, length); }
  void set_transport(Transport transport) { bytes_[kTransport] = static_cast<uint8_t>(transport); }
  // `port` is in network order.
  void set_client_port(uint16_t port) { memcpy(bytes_ + kClientPort, &port, sizeof port); }
  void set_local_port(uint16_t port) { memcpy(bytes_ + 2 * kAddressSize, &port, sizeof port); }
  void set_local(const sockaddr_storage& bound) {
    if (bound.ss_family == AF_INET6) {
      const auto& address = reinterpret_cast<const sockaddr_in6&>(bound);
      set_local(address.sin6_addr.s6_addr, kAddressSize);
      set_local_port(address.sin6_port);
    } else {
      const auto& address = reinterpret_cast<const sockaddr_in&>(bound);
      set_local(reinterpret_cast<const uint8_t*>(&address.sin_addr), sizeof address.sin_addr);
      set_local_port(address.sin_port);
    }
  }

  uint8_t* bytes() { return bytes_; }

  // For the cache. `bytes` must outlive the result.
  static Origin of(const uint8_t* bytes) {
    return {static_cast<Transport>(bytes[kTransport]), bytes, kAddressSize, bytes + kAddressSize, kAddressSize + 2};
  }

 private:
  static void put(uint8_t* to, const uint8_t* address, size_t length) {
    if (length == 4) memcpy(to, kMappedPrefix, sizeof kMappedPrefix);
    memcpy(to + kAddressSize - length, address, length);
  }

  uint8_t bytes_[kSize] = {};
};

}  // namespace multisocket

#endif  // MULTISOCKET_QUERY_ORIGIN_H_
