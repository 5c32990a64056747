// What connections need from the system. Tests and the fuzz target have one of their own.
#ifndef MULTISOCKET_STREAM_IO_H_
#define MULTISOCKET_STREAM_IO_H_

#include <sys/types.h>
#include <sys/uio.h>

#include <cstddef>
#include <cstdint>

#include "message/query_origin.h"

namespace multisocket {

// Changes of a watched connection, as in epoll_ctl(2).
struct StreamEvents {
  bool readable;     // EPOLLIN
  bool writable;     // EPOLLOUT
  bool half_closed;  // EPOLLRDHUP, or EPOLLHUP: both sides are closed. Unread octets may precede the end.
  bool broken;       // EPOLLERR: it was reset
};

class StreamIo {
 public:
  virtual ~StreamIo() = default;

  // Milliseconds of a monotonic clock.
  virtual uint64_t now() = 0;
  // As recv(2) on a non-blocking socket: 0: the client has closed its side; -1: an error, in errno.
  virtual ssize_t receive(int descriptor, uint8_t* to, size_t size) = 0;
  // As writev(2) on a non-blocking socket.
  virtual ssize_t send(int descriptor, const iovec* parts, int count) = 0;
  // Reports events of the descriptor with TcpConnections::wake, once for each change (EPOLLET), until it is closed.
  // Returns false if there is no memory.
  virtual bool watch(int descriptor, uint64_t token) = 0;
  // Limits the octets that the kernel keeps and has not sent, so that a client that stops reading holds little memory.
  virtual void limit_unsent(int /*descriptor*/) {}
  // Makes close() reset the connection.
  virtual void prepare_reset(int /*descriptor*/) {}
  // Closes the server's side.
  virtual void finish(int descriptor) = 0;
  virtual void close(int descriptor) = 0;
  // Sets the local address and port of `origin`.
  virtual void read_local(int descriptor, QueryOrigin* origin) = 0;
};

}  // namespace multisocket

#endif  // MULTISOCKET_STREAM_IO_H_
