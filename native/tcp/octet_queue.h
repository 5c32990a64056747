// Octets of a stream in the order of arrival. The memory is released when the queue is empty, so that an idle
// connection has none.
#ifndef MULTISOCKET_OCTET_QUEUE_H_
#define MULTISOCKET_OCTET_QUEUE_H_

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>

namespace multisocket {

class OctetQueue {
 public:
  OctetQueue() = default;
  ~OctetQueue() { clear(); }
  OctetQueue(const OctetQueue&) = delete;
  OctetQueue& operator=(const OctetQueue&) = delete;

  uint8_t* data() { return data_ + start_; }
  uint32_t size() const { return end_ - start_; }

  // Returns false if there is no memory. The queue is then unchanged.
  bool append(const uint8_t* octets, size_t count) {
    if (count == 0) return true;
    if (count > kMost - size() || !make_room(static_cast<uint32_t>(count))) return false;
    memcpy(data_ + end_, octets, count);
    end_ += static_cast<uint32_t>(count);
    return true;
  }

  // Removes octets from the front.
  void consume(uint32_t count) {
    start_ += count;
    if (start_ == end_) clear();
  }

  void clear() {
    free(data_);
    data_ = nullptr;
    start_ = end_ = capacity_ = 0;
  }

 private:
  static constexpr uint32_t kLeast = 256;
  static constexpr uint32_t kMost = 1u << 30;

  // Moves the octets to the start, or to memory of twice the size. Both are rare compared with the octets added, so a
  // client that sends single octets does not cause a copy of everything for each of them.
  bool make_room(uint32_t count) {
    if (capacity_ - end_ >= count) return true;
    const uint32_t used = size();
    if (capacity_ / 2 >= used + count) {
      memmove(data_, data_ + start_, used);
    } else {
      const uint32_t capacity = std::max(kLeast, 2 * (used + count));
      auto* larger = static_cast<uint8_t*>(malloc(capacity));
      if (larger == nullptr) return false;
      if (used > 0) memcpy(larger, data_ + start_, used);
      free(data_);
      data_ = larger;
      capacity_ = capacity;
    }
    start_ = 0;
    end_ = used;
    return true;
  }

  uint8_t* data_ = nullptr;
  uint32_t start_ = 0;
  uint32_t end_ = 0;
  uint32_t capacity_ = 0;
};

}  // namespace multisocket

#endif  // MULTISOCKET_OCTET_QUEUE_H_
