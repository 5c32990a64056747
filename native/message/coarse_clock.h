// Clocks that are cheap to read. Those of Linux advance with the kernel's timer, every 1 to 10 ms.
#ifndef MULTISOCKET_COARSE_CLOCK_H_
#define MULTISOCKET_COARSE_CLOCK_H_

#include <ctime>

namespace multisocket {

#ifdef CLOCK_MONOTONIC_COARSE
constexpr clockid_t kMonotonicClock = CLOCK_MONOTONIC_COARSE;
constexpr clockid_t kWallClock = CLOCK_REALTIME_COARSE;
#else
constexpr clockid_t kMonotonicClock = CLOCK_MONOTONIC;
constexpr clockid_t kWallClock = CLOCK_REALTIME;
#endif

inline timespec read_clock(clockid_t clock) {
  timespec now;
  clock_gettime(clock, &now);
  return now;
}

}  // namespace multisocket

#endif  // MULTISOCKET_COARSE_CLOCK_H_
