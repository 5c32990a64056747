// Numbers of 64 bits, the least significant octet first, on every machine.
#ifndef MULTISOCKET_LITTLE_ENDIAN_H_
#define MULTISOCKET_LITTLE_ENDIAN_H_

#include <cstdint>
#include <cstring>

namespace multisocket {

inline uint64_t read64_little_endian(const uint8_t* at) {
  uint64_t value;
  memcpy(&value, at, sizeof value);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
  value = __builtin_bswap64(value);
#endif
  return value;
}

inline void write64_little_endian(uint8_t* at, uint64_t value) {
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
  value = __builtin_bswap64(value);
#endif
  memcpy(at, &value, sizeof value);
}

}  // namespace multisocket

#endif  // MULTISOCKET_LITTLE_ENDIAN_H_
