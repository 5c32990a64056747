// A set of sockets that waits for input. It uses epoll, with timeouts finer than milliseconds.
#ifndef MULTISOCKET_LOAD_EVENTS_H_
#define MULTISOCKET_LOAD_EVENTS_H_

#include <poll.h>
#include <sys/epoll.h>

#include <array>
#include <cstdint>
#include <ctime>

#include "net/descriptor.h"

namespace multisocket {

class LoadEvents {
 public:
  bool open() {
    epoll_ = Descriptor(epoll_create1(EPOLL_CLOEXEC));
    return epoll_.valid();
  }
  bool add(int fd, uint32_t events, uint32_t number) {
    epoll_event event{};
    event.events = events;
    event.data.u32 = number;
    return epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) == 0;
  }
  // Calls each(number, events) for the ready sockets. Waits at most `wait` nanoseconds for the first.
  template <typename Each>
  void wait(uint64_t wait, Each each) {
    if (wait > 0) {
      pollfd waited{epoll_.get(), POLLIN, 0};
      const timespec time{static_cast<time_t>(wait / 1000000000), static_cast<long>(wait % 1000000000)};
      ppoll(&waited, 1, &time, nullptr);
    }
    const int count = epoll_wait(epoll_.get(), ready_.data(), static_cast<int>(ready_.size()), 0);
    for (int i = 0; i < count; i++) each(ready_[i].data.u32, ready_[i].events);
  }

 private:
  Descriptor epoll_;
  std::array<epoll_event, 256> ready_{};
};

}  // namespace multisocket

#endif  // MULTISOCKET_LOAD_EVENTS_H_
