#include <netinet/in.h>

#include <cstddef>
#include <cstring>

#include "udp/datagram_io.h"

namespace multisocket {

static_assert(sizeof(Datagram) == sizeof(mmsghdr) && offsetof(Datagram, length) == offsetof(mmsghdr, msg_len),
              "Datagram is an mmsghdr");

#ifdef __linux__
namespace {
// UDP_SEGMENT of <linux/udp.h>, which some C libraries do not include.
constexpr int kUdpSegment = 103;
}  // namespace

bool can_segment(int fd) {
  const int off = 0;  // the default
  return setsockopt(fd, IPPROTO_UDP, kUdpSegment, &off, sizeof off) == 0;
}

size_t write_segment_size(uint16_t size, cmsghdr* control) {
  control->cmsg_level = IPPROTO_UDP;
  control->cmsg_type = kUdpSegment;
  control->cmsg_len = CMSG_LEN(sizeof size);
  memcpy(CMSG_DATA(control), &size, sizeof size);
  return kSegmentSizeSpace;
}
#else
bool can_segment(int /*fd*/) { return false; }

size_t write_segment_size(uint16_t /*size*/, cmsghdr* /*control*/) { return 0; }
#endif

int receive_datagrams(int fd, Datagram* datagrams, unsigned count) {
  return recvmmsg(fd, reinterpret_cast<mmsghdr*>(datagrams), count, MSG_DONTWAIT, nullptr);
}

int send_datagrams(int fd, Datagram* datagrams, unsigned count) {
  return sendmmsg(fd, reinterpret_cast<mmsghdr*>(datagrams), count, MSG_DONTWAIT);
}

}  // namespace multisocket
