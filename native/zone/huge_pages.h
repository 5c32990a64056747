// Huge pages for the memory of large zones.
#ifndef MULTISOCKET_HUGE_PAGES_H_
#define MULTISOCKET_HUGE_PAGES_H_

#include <cstddef>

namespace multisocket {

// Moves memory that is in use to huge pages, of 2 MiB on most machines: the CPU then finds the addresses of a large
// zone in fewer steps. It takes up to 3 ms a MiB, so it is no work for a thread that serves. Does nothing for less than
// a huge page, before Linux 6.1, elsewhere, or if the kernel has no huge page left.
void use_huge_pages(void* data, size_t size);

}  // namespace multisocket

#endif  // MULTISOCKET_HUGE_PAGES_H_
