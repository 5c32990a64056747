#include "zone/huge_pages.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>

namespace multisocket {

void use_huge_pages(void* data, size_t size) {
#ifdef __linux__
  constexpr int kCollapse = 25;  // MADV_COLLAPSE, which older headers lack
  constexpr size_t kWorthwhile = size_t{1} << 21;
  if (size < kWorthwhile) return;
  // The kernel takes whole pages. Memory beyond the ends belongs to something else.
  const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  const size_t before = (page - reinterpret_cast<uintptr_t>(data) % page) % page;
  const size_t length = (size - before) / page * page;
  // A failure leaves small pages, which hold the same.
  static_cast<void>(madvise(static_cast<uint8_t*>(data) + before, length, kCollapse));
#else
  static_cast<void>(data);
  static_cast<void>(size);
#endif
}

}  // namespace multisocket
