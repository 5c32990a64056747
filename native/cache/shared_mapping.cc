#include "cache/shared_mapping.h"

#include <sys/mman.h>

#include <utility>

namespace multisocket {

SharedMapping::SharedMapping(size_t size) {
  if (size == 0) return;
  // Shared, because private memory cannot be mapped twice. A fork then copies nothing either.
  void* at = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (at == MAP_FAILED) return;
  data_ = static_cast<uint8_t*>(at);
  size_ = size;
}

SharedMapping::~SharedMapping() {
  if (data_ != nullptr) munmap(data_, size_);
}

SharedMapping::SharedMapping(SharedMapping&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

SharedMapping& SharedMapping::operator=(SharedMapping&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

SharedMapping SharedMapping::read_only() const {
  SharedMapping made;
#ifdef MREMAP_MAYMOVE
  if (data_ == nullptr) return made;
  // With an old size of 0, mremap(2) leaves the shared mapping and makes another of the same pages.
  void* at = mremap(data_, 0, size_, MREMAP_MAYMOVE);
  if (at == MAP_FAILED) return made;
  made.data_ = static_cast<uint8_t*>(at);
  made.size_ = size_;
  if (mprotect(at, size_, PROT_READ) != 0) return {};
#endif
  return made;
}

}  // namespace multisocket
