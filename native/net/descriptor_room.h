// How near a process is to its limit of descriptors.
#ifndef MULTISOCKET_DESCRIPTOR_ROOM_H_
#define MULTISOCKET_DESCRIPTOR_ROOM_H_

#include <sys/resource.h>

#include <algorithm>

#include "net/descriptor.h"

namespace multisocket {

// Whether there is room for one more, and for `reserve` beyond it, or a quarter of the limit if that is less.
// `open`: any open descriptor. A new one gets the lowest number that is free (dup(2)): only when its number is in the
// reserve, all below are taken.
inline bool descriptor_room(int open, rlim_t reserve) {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return true;  // unknown: the kernel will say
  const Descriptor lowest = Descriptor::duplicate(open);
  return lowest.valid() && static_cast<rlim_t>(lowest.get()) < limit.rlim_cur - std::min(reserve, limit.rlim_cur / 4);
}

}  // namespace multisocket

#endif  // MULTISOCKET_DESCRIPTOR_ROOM_H_
