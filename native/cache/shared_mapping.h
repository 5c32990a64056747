// Zeroed memory of whole pages, from the kernel. A page costs nothing until it is written. On Linux the same memory can
// be mapped a second time, read-only: a store through that mapping is a fault.
#ifndef MULTISOCKET_SHARED_MAPPING_H_
#define MULTISOCKET_SHARED_MAPPING_H_

#include <cstddef>
#include <cstdint>

namespace multisocket {

class SharedMapping {
 public:
  SharedMapping() = default;  // empty
  // Maps `size` octets. The mapping is empty if the kernel refuses, or if `size` is 0.
  explicit SharedMapping(size_t size);
  ~SharedMapping();
  SharedMapping(SharedMapping&& other) noexcept;
  SharedMapping& operator=(SharedMapping&& other) noexcept;
  SharedMapping(const SharedMapping&) = delete;
  SharedMapping& operator=(const SharedMapping&) = delete;

  // Maps the same memory again, read-only. Empty where the system has no way to do this.
  SharedMapping read_only() const;

  uint8_t* data() const { return data_; }  // null: empty
  size_t size() const { return size_; }

 private:
  uint8_t* data_ = nullptr;
  size_t size_ = 0;
};

}  // namespace multisocket

#endif  // MULTISOCKET_SHARED_MAPPING_H_
