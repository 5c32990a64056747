// The key of a cached answer: everything in a query that a handler can see and an answer may depend on. Two queries
// with the same key get the same answer. Keys are compared octet by octet.
#ifndef MULTISOCKET_CACHE_KEY_H_
#define MULTISOCKET_CACHE_KEY_H_

#include <cstddef>
#include <cstdint>

#include "message/client_subnet.h"
#include "message/message_view.h"
#include "message/names.h"

namespace multisocket {

// The transport of a message, in the order of lib/message/batch.ts. Handlers can see it, so transports do not share
// answers.
enum class Transport : uint8_t { kUdp, kTcp, kTls, kHttps, kGrpc };

// The properties, besides its question, that an answer varies by. The bits can be combined. The client's address
// includes its network.
enum VaryBy : uint8_t {
  kVaryByLocalAddress = 1,
  kVaryByClientNetwork = 2,  // a /24 of IPv4 or a /56 of IPv6, as in response rate limiting
  kVaryByClientAddress = 4,
};
constexpr unsigned kVariations = 8;

// Where a query came from and where it went. Addresses are in network order. An IPv4 address mapped to IPv6
// (::ffff:0:0/96) and the plain IPv4 address are the same client.
struct Origin {
  Transport transport = Transport::kUdp;
  const uint8_t* client = nullptr;
  uint8_t client_length = 0;  // 4 or 16
  const uint8_t* local = nullptr;
  uint8_t local_length = 0;  // 1 to 18: an address, or an address and a port
};

// The length limit of a reply, including OPT. In a stream it is 65,535. Over UDP it is 512 without EDNS (RFC 1035
// s.4.2.1); otherwise it is the client's payload size, at least 512 (RFC 6891 s.6.2.3) and at most `payload_size`,
// which is ours.
uint16_t reply_limit(const MessageView& view, Transport transport, uint16_t payload_size);

// Options that the caller adds to each reply whose client sent them.
struct AddedOptions {
  bool nsid = false;
};

class CacheKey {
 public:
  // Reads everything but the variation from a query whose verdict is kQuery. Returns false if the query cannot use the
  // cache. Such a query has records besides OPT (TSIG and SIG(0) sign the reply; IXFR), a meta-type that does not ask
  // for data (TKEY, TSIG, IXFR, AXFR), or EDNS options with an unknown effect on the answer. The known options are one
  // Client Subnet, which is part of the key; cookies, which no handler's answer contains; and those that are added when
  // a reply is sent: keepalive, padding, and those in `added`. `payload_size`: the longest UDP reply that we send.
  bool read(const uint8_t* query, const MessageView& view, Transport transport, uint16_t payload_size,
            AddedOptions added);

  // Sets the variation and replaces an earlier one. Returns false if `origin` lacks an address that the variation
  // needs.
  bool vary(uint8_t vary_by, const Origin& origin);

  // SOURCE PREFIX-LENGTH of the query's Client Subnet (RFC 7871 s.6); -1: it has none.
  int source_prefix() const;
  // Widens the key to all queries whose Client Subnet is in the same network of `prefix` bits, at most source_prefix().
  // 0: to all queries, with and without a subnet. Forgets the variation. The query must still be in its place.
  void scope(unsigned prefix);
  // The data of the query's Client Subnet, in the query; null: it has none.
  const uint8_t* subnet() const { return subnet_; }

  // The bits of VaryBy that were set.
  uint8_t variation() const { return bytes_[kVariation]; }
  const uint8_t* data() const { return bytes_; }
  size_t size() const { return length_; }

  // The lower-case name, in wire format, in the octets of a key.
  static const uint8_t* name(const uint8_t* key) { return key + kFixedSize; }
  static size_t name_length(const uint8_t* key) { return key[kNameLength]; }

 private:
  enum Place : size_t {
    kType = 0,
    kClass = 2,
    kFlags = 4,
    kOptFlags = 6,
    kLimit = 8,
    kHasOpt = 10,
    kTransport = 11,
    kNameLength = 12,
    kSubnetLength = 13,
    kVariation = 14,
    kClientLength = 15,
    kFixedSize = 16,
  };
  static constexpr size_t kMaxLocal = 18;

  void append(const uint8_t* from, size_t count);

  // Fields at fixed offsets, then name, client subnet, client address and local address. The fixed fields give their
  // lengths.
  uint8_t bytes_[kFixedSize + kMaxName + kMaxSubnet + 16 + kMaxLocal];
  uint16_t length_ = 0;
  uint16_t question_length_ = 0;  // without the variation
  const uint8_t* subnet_ = nullptr;
};

}  // namespace multisocket

#endif  // MULTISOCKET_CACHE_KEY_H_
