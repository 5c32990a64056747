#include "udp/datagram_io.h"

namespace multisocket {

int receive_datagrams(int fd, Datagram* datagrams, unsigned count) {
  unsigned done = 0;
  while (done < count) {
    const ssize_t length = recvmsg(fd, &datagrams[done].header, MSG_DONTWAIT);
    if (length < 0) break;
    datagrams[done++].length = static_cast<unsigned>(length);
  }
  return done > 0 ? static_cast<int>(done) : -1;
}

int send_datagrams(int fd, Datagram* datagrams, unsigned count) {
  unsigned done = 0;
  while (done < count && sendmsg(fd, &datagrams[done].header, MSG_DONTWAIT) >= 0) done++;
  return done > 0 ? static_cast<int>(done) : -1;
}

bool can_segment(int /*fd*/) { return false; }

size_t write_segment_size(uint16_t /*size*/, cmsghdr* /*control*/) { return 0; }

}  // namespace multisocket
