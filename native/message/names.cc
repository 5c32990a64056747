#include "message/names.h"

#include <cstring>

#include "message/wire.h"

namespace multisocket {
namespace {

// A name has at most 127 labels, and one pointer between two labels is enough. Without this limit, each name in a long
// message could follow thousands of pointers.
constexpr unsigned kMaxPointers = 127;

size_t pointer_target(const uint8_t* at) { return (at[0] & 0x3fU) << 8 | at[1]; }

}  // namespace

size_t skip_name(const uint8_t* message, size_t length, size_t offset) {
  size_t end = 0;
  size_t at = offset;
  size_t limit = offset;  // a pointer must lead below this
  size_t octets = 0;
  unsigned pointers = 0;
  for (;;) {
    if (at >= length) return 0;
    const uint8_t label = message[at];
    if (label == 0) return end != 0 ? end : at + 1;
    if (label < 64) {
      octets += label + 1U;
      if (octets >= kMaxName) return 0;  // no room for the root's octet
      at += label + 1U;
      continue;
    }
    if (label < 0xc0 || at + 1 >= length || ++pointers > kMaxPointers) return 0;
    const size_t target = pointer_target(message + at);
    if (target < kHeaderSize || target >= limit) return 0;
    if (end == 0) end = at + 2;
    limit = target;
    at = target;
  }
}

size_t skip_plain_name(const uint8_t* message, size_t length, size_t offset) {
  size_t at = offset;
  while (at < length && at - offset < kMaxName) {
    const uint8_t label = message[at];
    if (label == 0) return at + 1;
    if (label > 63) return 0;
    at += label + 1U;
  }
  return 0;
}

size_t write_lower_name(const uint8_t* message, size_t at, uint8_t* out) {
  size_t written = 0;
  while (message[at] != 0) {
    if (message[at] >= 0xc0) {
      at = pointer_target(message + at);
      continue;
    }
    const size_t label = message[at] + 1U;
    copy_lower(message + at, label, out + written);
    written += label;
    at += label;
  }
  out[written] = 0;
  return written + 1;
}

void copy_lower(const uint8_t* from, size_t length, uint8_t* to) {
  constexpr uint64_t kOnes = 0x0101010101010101;
  constexpr uint64_t kTops = 0x80 * kOnes;
  size_t at = 0;
  for (; at + 8 <= length; at += 8) {
    uint64_t octets;
    memcpy(&octets, from + at, sizeof octets);
    // In each octet of a sum, the top bit is set if the lower seven bits are at least 'A', or more than 'Z'.
    const uint64_t low = octets & ~kTops;
    const uint64_t upper = (low + (0x80 - 'A') * kOnes) & ~(low + (0x7f - 'Z') * kOnes) & ~octets & kTops;
    octets |= upper >> 2;  // 0x20
    memcpy(to + at, &octets, sizeof octets);
  }
  for (; at < length; at++) to[at] = from[at] >= 'A' && from[at] <= 'Z' ? from[at] | 0x20 : from[at];
}

}  // namespace multisocket
