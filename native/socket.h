// Opens one UDP or TCP socket with its options. Knows nothing of groups, loops or JavaScript.
#ifndef MULTISOCKET_SOCKET_H_
#define MULTISOCKET_SOCKET_H_

#include <cstdint>
#include <string>

#include "descriptor.h"

namespace multisocket {

// Each field as NativeSocketOptions of lib/addon.ts has it.
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

}  // namespace multisocket

#endif  // MULTISOCKET_SOCKET_H_
