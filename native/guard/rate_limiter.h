// How often clients may be answered: accounts by the network that they are in, and by what they are answered, for all
// threads that serve one server.
//
// An account is credited with its rate every second, holds at most one second's worth, and is charged for each
// response, also for those that are not sent: it can owe up to `window` seconds' worth, so that a flood has to pause
// for that long (as in BIND; it is a token bucket that may be overdrawn). What an account has is one number, the time
// at which it will be full again, so that charging it is one compare-and-swap.
//
// Memory is fixed: a table of buckets, a cache line each, of eight accounts. A network's bucket, and the 24 bits by
// which its account is told from the others there, come from a hash with a random key, so that nobody can choose to
// share an account with another: by chance it happens once in two million. Where a bucket is full, the account that
// owes least makes room: what it owed is forgotten. Who wants that for his own has to send from so many networks that
// all buckets are full of accounts that owe more.
#ifndef MULTISOCKET_RATE_LIMITER_H_
#define MULTISOCKET_RATE_LIMITER_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "guard/siphash.h"

namespace multisocket {

// Addresses of 16 octets, those of IPv4 within IPv6, that begin with the same bits.
class Network {
 public:
  Network(const uint8_t* address, unsigned prefix_length);
  bool has(const uint8_t* address) const;

 private:
  uint64_t mask_[2];
  uint64_t bits_[2];
};

class RateLimiter {
 public:
  // What an account is for. Of each but kAnswers a network has one.
  enum Kind : uint8_t {
    kAll,       // whatever is sent
    kAnswers,   // to one question: name and type
    kErrors,    // response codes other than NOERROR and NXDOMAIN
    kNxDomain,  // NXDOMAIN, whatever the name
    kKinds,
  };

  struct Options {
    // Responses a second, at most 100,000; 0: no limit. Exact up to 4,096, above that at most a hundredth more.
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

  // Addresses have 16 octets, those of IPv4 within IPv6.
  bool exempt(const uint8_t* client) const;

  // Charges the account for a response to `client`; false where it is overdrawn. `name`: for kAnswers, on the wire, in
  // any spelling, with `type`; else nothing. `now`: clock(), read at any time since the response became due.
  bool charge(Kind kind, const uint8_t* client, const uint8_t* name, size_t name_length, uint16_t type, uint64_t now);
  bool charge(Kind kind, const uint8_t* client, uint64_t now) { return charge(kind, client, nullptr, 0, 0, now); }

  // Ticks of 2^-24 seconds, modulo 2^40, of a clock that only goes forward, the same for all threads.
  static uint64_t clock();

  // Bytes of the table.
  size_t size() const { return (bucket_mask_ + 1) * sizeof(Bucket); }

 private:
  static constexpr size_t kAccountsPerBucket = 8;
  // In an account: the tag by which it is told from others, above the time at which it is full.
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
