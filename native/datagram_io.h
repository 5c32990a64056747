// Many datagrams with one system call where the kernel can (datagram_io_mmsg.cc), one by one elsewhere
// (datagram_io_portable.cc). binding.gyp chooses.
#ifndef MULTISOCKET_DATAGRAM_IO_H_
#define MULTISOCKET_DATAGRAM_IO_H_

#include <sys/socket.h>

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

}  // namespace multisocket

#endif  // MULTISOCKET_DATAGRAM_IO_H_
