// The header of the PROXY protocol, versions 1 and 2 (haproxy.org, proxy-protocol.txt). A proxy sends it before the
// octets of its client, and gives the two ends of the client's connection.
#ifndef MULTISOCKET_PROXY_HEADER_H_
#define MULTISOCKET_PROXY_HEADER_H_

#include <cstddef>
#include <cstdint>

#include "message/address.h"
#include "message/query_origin.h"

namespace multisocket {

struct ProxyHeader {
  // Octets of the longest header. Version 2 allows 65,551, for TLVs that a DNS server has no use for.
  static constexpr size_t kMost = 4096;

  enum class Result : uint8_t {
    kHeader,   // the octets begin with a header
    kNone,     // they begin with something else
    kMore,     // they are the beginning of a header
    kInvalid,  // they begin as a header does, and are none
  };

  // Puts the ends into `origin`.
  void set_ends(QueryOrigin* origin) const;

  // Reads the header at the start of `octets`. The other fields are set if the result is kHeader.
  Result read(const uint8_t* octets, size_t size);

  size_t size = 0;  // in octets
  uint8_t version = 0;
  // False: the proxy speaks for itself (LOCAL), or does not know the client (UNKNOWN, AF_UNSPEC, AF_UNIX).
  bool has_ends = false;
  uint8_t client[kAddressSize] = {};
  uint8_t local[kAddressSize] = {};
  uint16_t client_port = 0;  // in host order
  uint16_t local_port = 0;

 private:
  Result read_text(const uint8_t* octets, size_t size);
  Result read_binary(const uint8_t* octets, size_t size);
};

}  // namespace multisocket

#endif  // MULTISOCKET_PROXY_HEADER_H_
