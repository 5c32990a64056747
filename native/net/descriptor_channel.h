// Unix stream sockets over which processes of one user pass descriptors to each other (unix(7), SCM_RIGHTS). Nothing
// here waits: what cannot be done at once fails with UV_EAGAIN.
#ifndef MULTISOCKET_DESCRIPTOR_CHANNEL_H_
#define MULTISOCKET_DESCRIPTOR_CHANNEL_H_

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "net/descriptor.h"
#include "net/socket.h"

namespace multisocket {

// The most descriptors that one message takes. The kernel's limit is 253 (SCM_MAX_FD, unix(7)), but sendmsg(3) of
// musl 1.2.3 fails with ENOMEM for more than 1,024 bytes of control data, header included.
constexpr size_t kMaxDescriptors = 252;

// Listens at `path` with these permissions. A socket file that nobody listens at any more is replaced; fails with
// UV_EADDRINUSE when somebody does, and with UV_ENOTSOCK when `path` is something else than a socket.
SocketFailure listen_for_channels(const std::string& path, mode_t mode, Descriptor* listener);

// Fails with UV_EACCES when a process of another user listens at `path`.
SocketFailure connect_channel(const std::string& path, Descriptor* channel);

// Takes the next connection that a process of the same user made; those of others are closed.
SocketFailure accept_channel(int listener, Descriptor* channel);

// Sends some of the bytes, and with the first of them all the descriptors, at most kMaxDescriptors; `sent` tells how
// many bytes. Without bytes descriptors cannot be sent.
SocketFailure send_descriptors(int channel, const uint8_t* bytes, size_t length, const std::vector<int>& descriptors,
                               size_t* sent);

// Receives what is there, at most `size` bytes and one message's descriptors, which are close-on-exec; `received` is 0
// when the other side has closed. Fails with UV_EMFILE, and keeps none, when there is no room for all the descriptors.
SocketFailure receive_descriptors(int channel, uint8_t* bytes, size_t size, size_t* received,
                                  std::vector<Descriptor>* descriptors);

}  // namespace multisocket

#endif  // MULTISOCKET_DESCRIPTOR_CHANNEL_H_
