// SipHash (Aumasson and Bernstein, 2012): a keyed hash of short inputs. An attacker who does not know the key cannot
// choose inputs that collide. `Rounds` for each eight octets and `FinalRounds` at the end: 2 and 4 if others see the
// hash; 1 and 3 for hash tables, whose hashes stay private (Rust and Python use these).
#ifndef MULTISOCKET_SIPHASH_H_
#define MULTISOCKET_SIPHASH_H_

#include <cstddef>
#include <cstdint>

#include "message/little_endian.h"

namespace multisocket {

struct SipKey {
  uint64_t low;
  uint64_t high;
};

template <int Rounds, int FinalRounds>
uint64_t siphash(const SipKey& key, const uint8_t* data, size_t length) {
  uint64_t v0 = key.low ^ 0x736f6d6570736575, v1 = key.high ^ 0x646f72616e646f6d;
  uint64_t v2 = key.low ^ 0x6c7967656e657261, v3 = key.high ^ 0x7465646279746573;
  const auto rotate = [](uint64_t value, int bits) { return value << bits | value >> (64 - bits); };
  const auto mix = [&](int rounds) {
    for (int i = 0; i < rounds; i++) {
      v0 += v1, v1 = rotate(v1, 13) ^ v0, v0 = rotate(v0, 32);
      v2 += v3, v3 = rotate(v3, 16) ^ v2;
      v0 += v3, v3 = rotate(v3, 21) ^ v0;
      v2 += v1, v1 = rotate(v1, 17) ^ v2, v2 = rotate(v2, 32);
    }
  };
  const size_t whole = length & ~size_t{7};
  for (size_t at = 0; at < whole; at += 8) {
    const uint64_t next = read64_little_endian(data + at);
    v3 ^= next;
    mix(Rounds);
    v0 ^= next;
  }
  uint64_t last = static_cast<uint64_t>(length) << 56;
  for (size_t at = whole; at < length; at++) last |= static_cast<uint64_t>(data[at]) << (8 * (at - whole));
  v3 ^= last;
  mix(Rounds);
  v0 ^= last;
  v2 ^= 0xff;
  mix(FinalRounds);
  return v0 ^ v1 ^ v2 ^ v3;
}

}  // namespace multisocket

#endif  // MULTISOCKET_SIPHASH_H_
