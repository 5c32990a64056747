// Pins threads to CPUs.
#ifndef MULTISOCKET_THREAD_PIN_H_
#define MULTISOCKET_THREAD_PIN_H_

#include <cstdint>

namespace multisocket {

// Pins the calling thread to CPU number `place`, modulo their count, of the CPUs that it may use
// (sched_setaffinity(2)). Returns 0 or a libuv error: UV_ENOTSUP if the system cannot do it.
int pin_thread(uint32_t place);

}  // namespace multisocket

#endif  // MULTISOCKET_THREAD_PIN_H_
