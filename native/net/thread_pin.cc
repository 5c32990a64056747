#include "net/thread_pin.h"

#include <uv.h>

#include <cerrno>

#ifdef __linux__
#include <sched.h>
#endif

namespace multisocket {

#ifdef __linux__

int pin_thread(uint32_t place) {
  cpu_set_t usable;
  if (sched_getaffinity(0, sizeof usable, &usable) != 0) return uv_translate_sys_error(errno);
  uint32_t left = place % static_cast<uint32_t>(CPU_COUNT(&usable));
  for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
    if (!CPU_ISSET(cpu, &usable) || left-- > 0) continue;
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    return sched_setaffinity(0, sizeof one, &one) == 0 ? 0 : uv_translate_sys_error(errno);
  }
  return UV_EINVAL;
}

#else

int pin_thread(uint32_t /*place*/) { return UV_ENOTSUP; }

#endif

}  // namespace multisocket
