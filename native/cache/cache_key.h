// What two queries must have in common to get one answer: everything of a query that a handler can see and that an
// answer may depend on. Keys are compared octet by octet.
#ifndef MULTISOCKET_CACHE_KEY_H_
#define MULTISOCKET_CACHE_KEY_H_

#include <cstddef>
#include <cstdint>

#include "message/message_view.h"
#include "message/names.h"

namespace multisocket {

// By which a message came, in the order of lib/message/batch.ts. Handlers can tell them apart, so an answer by one is
// none by another.
enum class Transport : uint8_t { kUdp, kTcp, kTls, kHttps, kGrpc };

// What an answer varies by besides its question; bits that can be combined. The client's address implies its network.
enum VaryBy : uint8_t {
  kVaryByLocalAddress = 1,
  kVaryByClientNetwork = 2,  // a /24 of IPv4 or a /56 of IPv6, as response rate limiting has them
  kVaryByClientAddress = 4,
};
constexpr unsigned kVariations = 8;

// Where a query came from and where it went. Addresses in network order; an IPv4 address within IPv6 (::ffff:0:0/96) is
// the same client as the bare one.
struct Origin {
  Transport transport = Transport::kUdp;
  const uint8_t* client = nullptr;
  uint8_t client_length = 0;  // 4 or 16
  const uint8_t* local = nullptr;
  uint8_t local_length = 0;  // 1 to 18: an address, or an address and a port
};

// The longest reply that a query can be given, OPT included: 512 without EDNS (RFC 1035 s.4.2.1), else what the client
// takes but no less than 512 (RFC 6891 s.6.2.3) and no more than `payload_size`, which is ours; 65,535 in a stream.
uint16_t reply_limit(const MessageView& view, Transport transport, uint16_t payload_size);

// Options that are added to each answer as it is given out, where its client sent them.
struct AddedOptions {
  bool nsid = false;
};

class CacheKey {
 public:
  // Reads all but the variation out of a query whose verdict was kQuery. False: such a query has nothing to do with the
  // cache. That is one with records besides OPT (TSIG and SIG(0) sign the reply; IXFR), a meta-type that is no question
  // about data (TKEY, TSIG, IXFR, AXFR), or with EDNS options that nobody knows what they do to the answer. Known are
  // one Client Subnet, which belongs to the question; cookies, which no handler's answer holds; and those that the
  // reply gets when it is given out: keepalive, padding, and what `added` says. `payload_size`: the longest UDP reply
  // that we send.
  bool read(const uint8_t* query, const MessageView& view, Transport transport, uint16_t payload_size,
            AddedOptions added);

  // Sets the variation, in place of an earlier one. False where `origin` lacks an address that it asks for.
  bool vary(uint8_t vary_by, const Origin& origin);

  const uint8_t* data() const { return bytes_; }
  size_t size() const { return length_; }

  // The name in lower case, as on the wire, of a key's octets.
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
  static constexpr size_t kMaxSubnet = 4 + 16;  // RFC 7871 s.6: family, two prefix lengths, address
  static constexpr size_t kMaxLocal = 18;

  void append(const uint8_t* from, size_t count);

  // Fixed places, then name, client subnet, client and local address, each of a length that a place before tells.
  uint8_t bytes_[kFixedSize + kMaxName + kMaxSubnet + 16 + kMaxLocal];
  uint16_t length_ = 0;
  uint16_t question_length_ = 0;  // without the variation
};

}  // namespace multisocket

#endif  // MULTISOCKET_CACHE_KEY_H_
