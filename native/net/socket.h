// Opens one UDP or TCP socket with its options, or describes a socket that another process opened. It does not know
// groups, loops or JavaScript.
#ifndef MULTISOCKET_SOCKET_H_
#define MULTISOCKET_SOCKET_H_

#include <cstdint>
#include <string>

#include "net/descriptor.h"

namespace multisocket {

// The fields are those of NativeSocketOptions in lib/native/addon.ts.
struct SocketOptions {
  bool tcp = false;
  std::string address;
  uint16_t port = 0;
  bool reuse_port = true;
  bool exclusive = true;
  bool ipv6_only = false;
  bool freebind = false;
  std::string interface;  // SO_BINDTODEVICE; empty: none
  int receive_buffer_size = 0;
  int send_buffer_size = 0;
  int backlog = 0;
  int fast_open = 0;
};

struct OpenSocket {
  Descriptor descriptor;
  uint16_t port = 0;
  bool reuse_port = false;
  int receive_buffer_size = 0;
  int send_buffer_size = 0;
};

// A failed system call and the libuv error code. `syscall` is null if nothing failed.
struct SocketFailure {
  const char* syscall = nullptr;
  int error = 0;
};

// Opens a socket, non-blocking and close-on-exec. A TCP socket listens.
SocketFailure open_socket(const SocketOptions& options, OpenSocket* opened);

// The fields are those of NativeSocketDescription in lib/native/addon.ts.
struct SocketDescription {
  bool tcp = false;
  std::string address;
  uint16_t port = 0;
  bool reuse_port = false;
  bool ipv6_only = false;
  bool listening = false;
  std::string interface;  // empty: none, or the one of its link-local address
  int receive_buffer_size = 0;
  int send_buffer_size = 0;
};

// Describes any descriptor from what the kernel knows. Fails with UV_ENOTSOCK, UV_EAFNOSUPPORT (neither IPv4 nor IPv6)
// or UV_EPROTONOSUPPORT (neither UDP nor TCP).
SocketFailure describe_socket(int fd, SocketDescription* description);

// Prepares a socket that another process opened as open_socket does: non-blocking and close-on-exec. A UDP socket also
// reports the queried address, so that replies can leave from it, and ignores forged path MTUs.
SocketFailure prepare_inherited(int fd);

}  // namespace multisocket

#endif  // MULTISOCKET_SOCKET_H_
