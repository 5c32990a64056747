// A limit on the rate of responses. It keeps accounts by the client's network and the kind of response, for all threads
// of one server.
//
// An account gains its rate every second and holds at most one second's worth. Each response is charged, even one that
// is not sent. An account can owe up to `window` seconds' worth, so that a flood must pause for that long, as in BIND:
// it is a token bucket that may be overdrawn. An account is stored as one number, the time at which it is full again.
// One compare-and-swap charges it.
//
// Memory is fixed: a table of buckets, each a cache line with eight accounts. A hash with a random key gives the bucket
// of a network and the 24-bit tag of the account in it, so that a client cannot choose to share an account. By chance
// this happens once in two million. In a full bucket, the account that owes least is replaced and its debt is
// forgotten. To exploit this, an attacker must send from so many networks that all buckets are full of accounts that
// owe more.
#ifndef MULTISOCKET_RATE_LIMITER_H_
#define MULTISOCKET_RATE_LIMITER_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "guard/siphash.h"
#include "message/network.h"

namespace multisocket {

class RateLimiter {
 public:
  // What an account counts. A network has one account of each kind, except kAnswers.
  enum Kind : uint8_t {
    kAll,       // every response
    kAnswers,   // to one question: name and type
    kErrors,    // response codes other than NOERROR and NXDOMAIN
    kNxDomain,  // NXDOMAIN, for any name
    kKinds,
  };

  struct Options {
    // Responses a second, at most 100,000; 0: no limit. Exact up to 4,096; above, at most one hundredth more.
    uint32_t rates[kKinds] = {};
    uint32_t window = 15;  // seconds, at most 3,600
    uint8_t ipv4_prefix_length = 24;
    uint8_t ipv6_prefix_length = 56;
    size_t table_size = 1 << 17;  // accounts, rounded up to a power of two
    std::vector<Network> exempt;
  };

  explicit RateLimiter(const Options& options);
  RateLimiter(const RateLimiter&) = delete;
  RateLimiter& operator=(const RateLimiter&) = delete;

  // An address has 16 octets; IPv4 is mapped to IPv6.
  bool exempt(const uint8_t* client) const;

  // Charges the account for a response to `client`. Returns false if the account is overdrawn. `name` and `type` are
  // for kAnswers only; the name is in wire format, in upper or lower case. `now`: clock(), read at any time since the
  // response became due.
  bool charge(Kind kind, const uint8_t* client, const uint8_t* name, size_t name_length, uint16_t type, uint64_t now);
  bool charge(Kind kind, const uint8_t* client, uint64_t now) { return charge(kind, client, nullptr, 0, 0, now); }

  // Ticks of 2^-24 seconds, modulo 2^40, of a monotonic clock that all threads share.
  static uint64_t clock();

  // Bytes of the table.
  size_t size() const { return (bucket_mask_ + 1) * sizeof(Bucket); }

 private:
  static constexpr size_t kAccountsPerBucket = 8;
  // An account has the tag in its upper bits, and below it the time at which the account is full.
  struct alignas(64) Bucket {
    std::atomic<uint64_t> accounts[kAccountsPerBucket] = {};
  };

  uint64_t owed(uint64_t account, uint64_t now) const;

  SipKey hash_key_;  // random
  uint64_t costs_[kKinds];
  uint64_t max_owed_;
  uint8_t ipv4_prefix_length_;
  uint8_t ipv6_prefix_length_;
  std::vector<Network> exempt_;
  size_t bucket_mask_;
  std::unique_ptr<Bucket[]> buckets_;
};

}  // namespace multisocket

#endif  // MULTISOCKET_RATE_LIMITER_H_
