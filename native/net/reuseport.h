// A group of SO_REUSEPORT sockets: which socket gets a datagram or connection, and statistics.
#ifndef MULTISOCKET_REUSEPORT_H_
#define MULTISOCKET_REUSEPORT_H_

#include <cstdint>

namespace multisocket {

enum class Steering {
  kHash,    // the kernel's default: a hash of both addresses and ports
  kRandom,  // a random socket for each datagram
  kCpu,     // the CPU that received the datagram, modulo the number of sockets
};

// Steers the whole group of `fd`, at once and as long as the group exists (socket(7), SO_ATTACH_REUSEPORT_CBPF).
// `sockets`: the number of sockets to use, in the order in which they were bound. Returns 0 or a libuv error:
// UV_ENOTSUP if the system cannot do it.
int steer(int fd, Steering steering, uint32_t sockets);

// Takes one UDP socket out of its group. It receives nothing more, but stays open, and the datagrams in its queue can
// be read. An immediate close would lose datagrams that the kernel is about to queue. The kernel treats a socket that
// is in the table of bound sockets but not in its group as a single socket. Returns 0 or a libuv error.
int leave(int fd);

struct SocketStatistics {
  uint32_t queued = 0;
  uint32_t capacity = 0;
  uint32_t drops = 0;
};

// The kernel's statistics of a UDP socket or a listening TCP socket; zeros if it has none.
SocketStatistics socket_statistics(int fd);

}  // namespace multisocket

#endif  // MULTISOCKET_REUSEPORT_H_
