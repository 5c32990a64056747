// Ties threads to CPUs.
#ifndef MULTISOCKET_THREAD_PIN_H_
#define MULTISOCKET_THREAD_PIN_H_

#include <cstdint>

namespace multisocket {

// Ties the calling thread to one of the CPUs that it may use: the one numbered `place` of them, modulo their number
// (sched_setaffinity(2)). Returns 0 or libuv's error: UV_ENOTSUP where the system cannot.
int pin_thread(uint32_t place);

}  // namespace multisocket

#endif  // MULTISOCKET_THREAD_PIN_H_
