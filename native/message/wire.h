// Numbers in DNS messages: the most significant octet comes first (RFC 1035 s.2.3.2). The header has 12 octets
// (s.4.1.1).
#ifndef MULTISOCKET_WIRE_H_
#define MULTISOCKET_WIRE_H_

#include <cstddef>
#include <cstdint>

namespace multisocket {

constexpr size_t kHeaderSize = 12;

inline uint16_t read16(const uint8_t* at) { return static_cast<uint16_t>(at[0] << 8 | at[1]); }

inline uint32_t read32(const uint8_t* at) { return static_cast<uint32_t>(read16(at)) << 16 | read16(at + 2); }

inline void write16(uint8_t* at, uint32_t value) {
  at[0] = static_cast<uint8_t>(value >> 8);
  at[1] = static_cast<uint8_t>(value);
}

inline void write32(uint8_t* at, uint32_t value) {
  write16(at, value >> 16);
  write16(at + 2, value);
}

}  // namespace multisocket

#endif  // MULTISOCKET_WIRE_H_
