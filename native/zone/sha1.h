// SHA-1 (FIPS 180-4), the hash of NSEC3 (RFC 5155 s.11). It need not resist anybody here.
#ifndef MULTISOCKET_SHA1_H_
#define MULTISOCKET_SHA1_H_

#include <cstddef>
#include <cstdint>

namespace multisocket {

constexpr size_t kSha1Size = 20;

// Writes the hash of `length` octets, at most 512, to `out`, which may be `data`.
void sha1(const uint8_t* data, size_t length, uint8_t out[kSha1Size]);

}  // namespace multisocket

#endif  // MULTISOCKET_SHA1_H_
