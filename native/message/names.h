// Domain names in messages, compressed or not (RFC 1035 s.4.1.4).
#ifndef MULTISOCKET_NAMES_H_
#define MULTISOCKET_NAMES_H_

#include <cstddef>
#include <cstdint>

namespace multisocket {

// The most octets of a complete name, including the root's (RFC 1035 s.2.3.4).
constexpr size_t kMaxName = 255;

// Checks the name at `at` and follows all its pointers. Returns the offset after the name, or 0 if the name is invalid.
// A pointer leads to a prior name, so each pointer must lead further back than the last. `length` limits the part of
// the name before its first pointer.
size_t skip_name(const uint8_t* message, size_t length, size_t at);

// The same for a name without pointers.
size_t skip_plain_name(const uint8_t* message, size_t length, size_t at);

// Writes the name at `at`, which skip_name has accepted, without pointers and in lower case (RFC 4343 s.3). `out` has
// room for kMaxName octets. Returns the number of octets written.
size_t write_lower_name(const uint8_t* message, size_t at, uint8_t* out);

// Copies octets and changes 'A' to 'Z' into 'a' to 'z'. The length octets of labels are below 64 and do not change.
void copy_lower(const uint8_t* from, size_t length, uint8_t* to);

}  // namespace multisocket

#endif  // MULTISOCKET_NAMES_H_
