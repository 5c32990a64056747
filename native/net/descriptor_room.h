// The distance of a process from its limit of descriptors.
#ifndef MULTISOCKET_DESCRIPTOR_ROOM_H_
#define MULTISOCKET_DESCRIPTOR_ROOM_H_

#include <sys/resource.h>

#include <algorithm>

#include "net/descriptor.h"

namespace multisocket {

// Whether there is room for one more descriptor and a reserve beyond it: `reserve`, or a quarter of the limit if that
// is less. `open`: any open descriptor. A new descriptor gets the lowest free number (dup(2)). If its number is in the
// reserve, all lower ones are taken.
inline bool descriptor_room(int open, rlim_t reserve) {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return true;  // unknown: the kernel decides
  const Descriptor lowest = Descriptor::duplicate(open);
  return lowest.valid() && static_cast<rlim_t>(lowest.get()) < limit.rlim_cur - std::min(reserve, limit.rlim_cur / 4);
}

}  // namespace multisocket

#endif  // MULTISOCKET_DESCRIPTOR_ROOM_H_
