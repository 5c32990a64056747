// A domain name in wire format with the places of its labels.
#ifndef MULTISOCKET_WIRE_NAME_H_
#define MULTISOCKET_WIRE_NAME_H_

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "message/names.h"

namespace multisocket {

constexpr unsigned kMaxLabels = 127;  // of a name, without the root's

// A name in lower case. Until it is read, it is the root.
class WireName {
 public:
  WireName() { octets_[0] = starts_[0] = 0; }  // the rest is written before it is read

  // Reads the name without pointers at `from`, of which `room` octets are readable. Returns false if it is invalid.
  bool read(const uint8_t* from, size_t room) {
    const size_t end = skip_plain_name(from, room, 0);
    if (end == 0) return false;
    copy_lower(from, end, octets_);
    return measure(end);
  }

  // Makes it the first `labels` labels of `front`, followed by `tail`. Returns false if that is too long for a name.
  bool join(const WireName& front, unsigned labels, const WireName& tail) {
    const size_t head = front.start(labels);
    if (head + tail.length_ > kMaxName) return false;
    memmove(octets_, front.octets_, head);
    memmove(octets_ + head, tail.octets_, tail.length_);
    return measure(head + tail.length_);
  }

  // Makes it `label`, with its length octet, followed by `tail`. Returns false if that is too long for a name.
  bool prepend(const uint8_t* label, const WireName& tail) {
    const size_t head = label[0] + 1U;
    if (head + tail.length_ > kMaxName) return false;
    memcpy(octets_, label, head);
    memcpy(octets_ + head, tail.octets_, tail.length_);
    return measure(head + tail.length_);
  }

  const uint8_t* data() const { return octets_; }
  size_t size() const { return length_; }
  unsigned labels() const { return labels_; }
  // The offset of a label's length octet; that of the root's for `labels()`.
  size_t start(unsigned label) const { return starts_[label]; }
  // The name from a label on, up to `labels()`.
  // NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult): measure() has set all offsets up to `labels()`
  const uint8_t* from(unsigned label) const { return octets_ + starts_[label]; }

  // Whether it is `other` or below it.
  bool is_in(const WireName& other) const {
    return labels_ >= other.labels_ && length_ - starts_[labels_ - other.labels_] == other.length_ &&
           memcmp(from(labels_ - other.labels_), other.octets_, other.length_) == 0;
  }
  bool operator==(const WireName& other) const {
    return length_ == other.length_ && memcmp(octets_, other.octets_, length_) == 0;
  }

 private:
  bool measure(size_t length) {
    length_ = static_cast<uint8_t>(length);
    labels_ = 0;
    size_t at = 0;
    // NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult): the caller has written `length` octets
    for (; octets_[at] != 0; at += octets_[at] + 1U) starts_[labels_++] = static_cast<uint8_t>(at);
    starts_[labels_] = static_cast<uint8_t>(at);
    return true;
  }

  uint8_t octets_[kMaxName];
  uint8_t starts_[kMaxLabels + 1];
  uint8_t length_ = 1;
  uint8_t labels_ = 0;
};

}  // namespace multisocket

#endif  // MULTISOCKET_WIRE_NAME_H_
