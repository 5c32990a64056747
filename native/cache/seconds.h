// The clock of the answer cache.
#ifndef MULTISOCKET_SECONDS_H_
#define MULTISOCKET_SECONDS_H_

#include <cstdint>
#include <ctime>

namespace multisocket {

// Seconds of a monotonic clock that all threads share.
inline uint32_t seconds() {
#ifdef CLOCK_MONOTONIC_COARSE
  constexpr clockid_t kClock = CLOCK_MONOTONIC_COARSE;
#else
  constexpr clockid_t kClock = CLOCK_MONOTONIC;
#endif
  timespec now;
  clock_gettime(kClock, &now);
  return static_cast<uint32_t>(now.tv_sec);
}

}  // namespace multisocket

#endif  // MULTISOCKET_SECONDS_H_
