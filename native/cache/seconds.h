// The clock of the answer cache.
#ifndef MULTISOCKET_SECONDS_H_
#define MULTISOCKET_SECONDS_H_

#include <cstdint>

#include "message/coarse_clock.h"

namespace multisocket {

// Seconds of a monotonic clock that all threads share.
inline uint32_t seconds() { return static_cast<uint32_t>(read_clock(kMonotonicClock).tv_sec); }

}  // namespace multisocket

#endif  // MULTISOCKET_SECONDS_H_
