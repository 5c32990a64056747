// Opens one UDP or TCP socket with its options, or tells of one that another process opened. Knows nothing of groups,
// loops or JavaScript.
#ifndef MULTISOCKET_SOCKET_H_
#define MULTISOCKET_SOCKET_H_

#include <cstdint>
#include <string>

#include "net/descriptor.h"

namespace multisocket {

// Each field as NativeSocketOptions of lib/native/addon.ts has it.
struct SocketOptions {
  bool tcp = false;
  std::string address;
  uint16_t port = 0;
  bool reuse_port = true;
  bool exclusive = true;
  bool ipv6_only = false;
  bool freebind = false;
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

// What failed: a system call and libuv's error code; `syscall` is null when nothing did.
struct SocketFailure {
  const char* syscall = nullptr;
  int error = 0;
};

// Opens a socket, non-blocking and close-on-exec; a TCP socket is listening then.
SocketFailure open_socket(const SocketOptions& options, OpenSocket* opened);

// Each field as NativeSocketDescription of lib/native/addon.ts has it.
struct SocketDescription {
  bool tcp = false;
  std::string address;
  uint16_t port = 0;
  bool reuse_port = false;
  bool ipv6_only = false;
  bool listening = false;
  int receive_buffer_size = 0;
  int send_buffer_size = 0;
};

// What the kernel knows of a descriptor, whoever opened it. Fails with UV_ENOTSOCK, UV_EAFNOSUPPORT (neither IPv4 nor
// IPv6) or UV_EPROTONOSUPPORT (neither UDP nor TCP).
SocketFailure describe_socket(int fd, SocketDescription* description);

// Gives a socket that another process opened what open_socket gives one: non-blocking, close-on-exec, and for UDP what
// replies need to leave from the queried address and by no forged path MTU.
SocketFailure prepare_inherited(int fd);

}  // namespace multisocket

#endif  // MULTISOCKET_SOCKET_H_
