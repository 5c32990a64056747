// Many datagrams with one system call where the kernel can (datagram_io_mmsg.cc), one by one elsewhere
// (datagram_io_portable.cc). binding.gyp chooses.
//
// Linux can also cut one message into datagrams of one size, the last of which may be shorter (UDP_SEGMENT, udp(7)):
// they take the way through the kernel as one.
#ifndef MULTISOCKET_DATAGRAM_IO_H_
#define MULTISOCKET_DATAGRAM_IO_H_

#include <sys/socket.h>

#include <cstddef>
#include <cstdint>

namespace multisocket {

// Laid out as Linux's struct mmsghdr.
struct Datagram {
  msghdr header;
  unsigned length;
};

// Receives without waiting; returns how many, or -1 with errno when not even one.
int receive_datagrams(int fd, Datagram* datagrams, unsigned count);

// Sends without waiting; returns how many were taken, or -1 with errno when not even the first.
int send_datagrams(int fd, Datagram* datagrams, unsigned count);

// Whether the kernel cuts messages. Ask before `write_segment_size`: one that does not know that control message sends
// the whole as one long datagram.
bool can_segment(int fd);

constexpr size_t kSegmentSizeSpace = CMSG_SPACE(sizeof(uint16_t));

// Writes the control message that has a message cut every `size` bytes; returns the space that it took.
size_t write_segment_size(uint16_t size, cmsghdr* control);

}  // namespace multisocket

#endif  // MULTISOCKET_DATAGRAM_IO_H_
