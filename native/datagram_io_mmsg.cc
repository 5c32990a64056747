#include <cstddef>

#include "datagram_io.h"

namespace multisocket {

static_assert(sizeof(Datagram) == sizeof(mmsghdr) && offsetof(Datagram, length) == offsetof(mmsghdr, msg_len),
              "Datagram is an mmsghdr");

int receive_datagrams(int fd, Datagram* datagrams, unsigned count) {
  return recvmmsg(fd, reinterpret_cast<mmsghdr*>(datagrams), count, MSG_DONTWAIT, nullptr);
}

int send_datagrams(int fd, Datagram* datagrams, unsigned count) {
  return sendmmsg(fd, reinterpret_cast<mmsghdr*>(datagrams), count, MSG_DONTWAIT);
}

}  // namespace multisocket
