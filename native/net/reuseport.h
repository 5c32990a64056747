// A group of SO_REUSEPORT sockets as a whole: which of them gets a datagram or connection, and how they fare.
#ifndef MULTISOCKET_REUSEPORT_H_
#define MULTISOCKET_REUSEPORT_H_

#include <cstdint>

namespace multisocket {

enum class Steering {
  kHash,    // the kernel's own: by a hash of both addresses and ports
  kRandom,  // each datagram anew
  kCpu,     // by the CPU that received it, modulo the number of sockets
};

// Steers the whole group that `fd` is of, at once and for as long as the group lives (socket(7),
// SO_ATTACH_REUSEPORT_CBPF). `sockets`: how many of them, in the order in which they were bound. Returns 0 or libuv's
// error: UV_ENOTSUP where the system cannot.
int steer(int fd, Steering steering, uint32_t sockets);

// Takes one UDP socket out of its group so that nothing more reaches it, though it stays open and what waits in it can
// be read. Closing it at once would lose what the kernel is about to put into it: a socket that is in the table of
// bound sockets and no longer in its group is taken for one on its own. Returns 0 or libuv's error.
int leave(int fd);

struct SocketStatistics {
  uint32_t queued = 0;
  uint32_t capacity = 0;
  uint32_t drops = 0;
};

// What the kernel says of a UDP socket, or of a listening TCP socket; zeros where it does not tell.
SocketStatistics socket_statistics(int fd);

}  // namespace multisocket

#endif  // MULTISOCKET_REUSEPORT_H_
