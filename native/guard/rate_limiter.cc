#include "guard/rate_limiter.h"

#include <algorithm>
#include <cstring>

#include "guard/random_key.h"
#include "message/address.h"
#include "message/coarse_clock.h"
#include "message/names.h"

namespace multisocket {
namespace {

constexpr unsigned kTickBits = 24;
constexpr uint64_t kSecond = uint64_t{1} << kTickBits;
constexpr uint64_t kNearlyMost = kSecond / 64;  // an account that owes the most it can is written this often
constexpr unsigned kTimeBits = 40;
constexpr uint64_t kTimeMask = (uint64_t{1} << kTimeBits) - 1;

// Copies the first `bits` bits of an address.
void copy_prefix(const uint8_t* address, unsigned bits, uint8_t* to) {
  const unsigned whole = bits / 8;
  memset(to, 0, kAddressSize);
  memcpy(to, address, whole);
  if (bits % 8 != 0) to[whole] = static_cast<uint8_t>(address[whole] & 0xff << (8 - bits % 8));
}

// Copies a name so that upper and lower case become equal. Some other octets become equal too, so a few unusual names
// share an account. This is harmless.
void copy_folded(const uint8_t* from, size_t length, uint8_t* to) {
  constexpr uint64_t kCase = 0x2020202020202020;
  size_t at = 0;
  for (; at + 8 <= length; at += 8) {
    uint64_t octets;
    memcpy(&octets, from + at, sizeof octets);
    octets |= kCase;
    memcpy(to + at, &octets, sizeof octets);
  }
  for (; at < length; at++) to[at] = from[at] | 0x20;
}

}  // namespace

RateLimiter::RateLimiter(const Options& options)
    : hash_key_(random_key()),
      max_owed_((1 + uint64_t{options.window}) * kSecond),
      ipv4_prefix_length_(options.ipv4_prefix_length),
      ipv6_prefix_length_(options.ipv6_prefix_length),
      exempt_(options.exempt) {
  for (size_t kind = 0; kind < kKinds; kind++) {
    costs_[kind] = options.rates[kind] == 0 ? 0 : kSecond / options.rates[kind];
  }
  size_t buckets = 1;
  while (buckets * kAccountsPerBucket < options.table_size) buckets *= 2;
  bucket_mask_ = buckets - 1;
  buckets_ = std::make_unique<Bucket[]>(buckets);
}

bool RateLimiter::exempt(const uint8_t* client) const { return Network::any_has(exempt_, client); }

bool RateLimiter::charge(Kind kind, const uint8_t* client, const uint8_t* name, size_t name_length, uint16_t type,
                         uint64_t now) {
  const uint64_t cost = costs_[kind];
  if (cost == 0) return true;
  uint8_t key[kAddressSize + 3 + kMaxName];
  copy_prefix(client, is_mapped(client) ? 96U + ipv4_prefix_length_ : ipv6_prefix_length_, key);
  key[kAddressSize] = kind;
  memcpy(key + kAddressSize + 1, &type, sizeof type);
  const size_t folded = std::min(name_length, kMaxName);
  if (folded > 0) copy_folded(name, folded, key + kAddressSize + 3);
  const uint64_t hash = siphash<1, 3>(hash_key_, key, kAddressSize + 3 + folded);
  const uint64_t tag = hash & ~kTimeMask;
  Bucket& bucket = buckets_[hash & bucket_mask_];

  for (;;) {
    std::atomic<uint64_t>* account = nullptr;
    uint64_t before = 0;
    uint64_t least = UINT64_MAX;
    for (std::atomic<uint64_t>& candidate : bucket.accounts) {
      const uint64_t value = candidate.load(std::memory_order_relaxed);
      const bool mine = (value & ~kTimeMask) == tag;
      const uint64_t owes = owed(value, now);
      if (!mine && owes >= least) continue;
      account = &candidate;
      before = value;
      least = owes;
      if (mine) break;
    }
    const uint64_t owes = (before & ~kTimeMask) == tag ? owed(before, now) : 0;
    // In a flood from one network all threads charge one account. Once it owes the most it can, they only read it.
    const uint64_t due = owes + cost;
    if (due > kSecond && owes + kNearlyMost >= max_owed_) return false;
    const uint64_t after = tag | ((now + std::min(due, max_owed_)) & kTimeMask);
    // If another thread charged an account here first, look again.
    if (account->compare_exchange_weak(before, after, std::memory_order_relaxed)) return due <= kSecond;
  }
}

// Returns the time in ticks until the account is full. The clock wraps around: an account that has been full for almost
// 18 hours seems to owe the most it can. The next charge corrects this.
uint64_t RateLimiter::owed(uint64_t account, uint64_t now) const {
  const uint64_t ahead = (account - now) & kTimeMask;
  return ahead > max_owed_ ? 0 : ahead;
}

uint64_t RateLimiter::clock() {
  const timespec at = read_clock(kMonotonicClock);
  const auto ticks = (static_cast<uint64_t>(at.tv_nsec) << kTickBits) / 1000000000;
  return ((static_cast<uint64_t>(at.tv_sec) << kTickBits) + ticks) & kTimeMask;
}

}  // namespace multisocket
