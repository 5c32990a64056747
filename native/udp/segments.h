// Messages that the kernel cuts into datagrams of one size (UDP_SEGMENT, udp(7)).
#ifndef MULTISOCKET_SEGMENTS_H_
#define MULTISOCKET_SEGMENTS_H_

#include <sys/uio.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>

#include "udp/datagram_io.h"

namespace multisocket {

// The kernel rejects segments that exceed the path's MTU, while it would fragment a plain datagram. This size fits
// every path that carries IPv6 (RFC 8200 s.5: 1,280 bytes), and is also the default limit of a reply.
constexpr size_t kMaxSegment = 1280 - 40 - 8;

// The longest payload of UDP over IPv4. All segments of a message must fit into it.
constexpr size_t kMaxMessage = 65535 - 20 - 8;

// Adds the part after the last one of a message as a segment, if all parts before it have one size and it is not
// longer. `control`: room for kSegmentSizeSpace bytes after the message's other control messages. Returns whether it
// was added.
inline bool add_segment(msghdr* header, void* control) {
  const iovec* parts = header->msg_iov;
  const size_t count = header->msg_iovlen;
  const size_t size = parts[0].iov_len;
  const size_t length = parts[count].iov_len;
  const bool ended = parts[count - 1].iov_len < size;
  if (ended || length > size || size > kMaxSegment || count * size + length > kMaxMessage) return false;
  header->msg_iovlen++;
  if (count == 1) {
    header->msg_controllen += write_segment_size(
        static_cast<uint16_t>(size), reinterpret_cast<cmsghdr*>(static_cast<char*>(control) + header->msg_controllen));
    header->msg_control = control;
  }
  return true;
}

// Whether an error of a send call means that the device or path does not take segments, or not of that size.
inline bool rejects_segments(int error) { return error == EINVAL || error == EIO || error == EMSGSIZE; }

// Whether it means that the kernel has no room for a datagram now.
inline bool no_room(int error) {
  return error == EAGAIN || error == EWOULDBLOCK || error == ENOBUFS || error == ENOMEM;
}

}  // namespace multisocket

#endif  // MULTISOCKET_SEGMENTS_H_
