// Which proxies a socket believes, and what becomes of connections and datagrams that begin with a header of the PROXY
// protocol, or lack one.
#ifndef MULTISOCKET_PROXY_PROTOCOL_H_
#define MULTISOCKET_PROXY_PROTOCOL_H_

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "message/network.h"
#include "message/proxy_header.h"

namespace multisocket {

class ProxyProtocol {
 public:
  // What a header from an address outside of `from` is.
  enum class Others : uint8_t {
    kData,    // a part of the client's data
    kSkip,    // it is skipped, and not believed
    kRefuse,  // a reason to refuse the connection or the datagram
  };
  struct Options {
    std::vector<Network> from;  // the addresses of proxies
    bool required = false;      // everything needs a header from one of these
    Others others = Others::kData;
  };
  enum class Verdict : uint8_t { kDone, kMore, kRefused };

  explicit ProxyProtocol(Options options) : options_(std::move(options)) {}

  // Whether the address (16 octets) is that of a proxy.
  bool trusts(const uint8_t* peer) const { return Network::any_has(options_.from, peer); }
  // Whether what comes from this address may begin with a header.
  bool examines(const uint8_t* peer) const {
    return options_.required || options_.others != Others::kData || trusts(peer);
  }
  // Reads the start of a connection. kDone: `header->size` octets belong to the header, 0 if there is none; the ends in
  // it are believed if `header->has_ends`.
  Verdict read(const uint8_t* octets, size_t size, const uint8_t* peer, ProxyHeader* header) const;
  // The same for a datagram, which is complete and knows version 2 only. It never returns kMore.
  Verdict read_datagram(const uint8_t* octets, size_t size, const uint8_t* peer, ProxyHeader* header) const;

 private:
  Options options_;
};

}  // namespace multisocket

#endif  // MULTISOCKET_PROXY_PROTOCOL_H_
