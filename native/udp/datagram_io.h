// Sends and receives many datagrams with one system call if the kernel can (datagram_io_mmsg.cc), or one by one
// (datagram_io_portable.cc). binding.gyp chooses the file.
//
// Linux can also cut one message into datagrams of one size, of which the last may be shorter (UDP_SEGMENT, udp(7)).
// The kernel processes them as one.
#ifndef MULTISOCKET_DATAGRAM_IO_H_
#define MULTISOCKET_DATAGRAM_IO_H_

#include <sys/socket.h>

#include <cstddef>
#include <cstdint>

namespace multisocket {

// Has the layout of Linux's struct mmsghdr.
struct Datagram {
  msghdr header;
  unsigned length;
};

// Receives without waiting. Returns the number of datagrams, or -1 with errno if there is none.
int receive_datagrams(int fd, Datagram* datagrams, unsigned count);

// Sends without waiting. Returns the number of datagrams taken, or -1 with errno if the first was not taken.
int send_datagrams(int fd, Datagram* datagrams, unsigned count);

// Whether the kernel can cut messages. Call this before `write_segment_size`: a kernel that does not know the control
// message sends the whole as one long datagram.
bool can_segment(int fd);

constexpr size_t kSegmentSizeSpace = CMSG_SPACE(sizeof(uint16_t));

// Writes a control message that cuts a message every `size` bytes. Returns the space that it takes.
size_t write_segment_size(uint16_t size, cmsghdr* control);

}  // namespace multisocket

#endif  // MULTISOCKET_DATAGRAM_IO_H_
