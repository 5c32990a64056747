// Unix stream sockets over which processes of one user pass descriptors to each other (unix(7), SCM_RIGHTS). No
// function waits: what cannot be done at once fails with UV_EAGAIN.
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

// The most descriptors in one message. The kernel's limit is 253 (SCM_MAX_FD, unix(7)), but sendmsg(3) of musl 1.2.3
// fails with ENOMEM for more than 1,024 bytes of control data, including the header.
constexpr size_t kMaxDescriptors = 252;

// Listens at `path` with permissions `mode`. Replaces a socket file without a listener. Fails with UV_EADDRINUSE if a
// process listens there, and with UV_ENOTSOCK if `path` is not a socket.
SocketFailure listen_for_channels(const std::string& path, mode_t mode, Descriptor* listener);

// Fails with UV_EACCES if a process of another user listens at `path`.
SocketFailure connect_channel(const std::string& path, Descriptor* channel);

// Accepts the next connection from a process of the same user. Closes connections from other users.
SocketFailure accept_channel(int listener, Descriptor* channel);

// Sends some of the bytes, and all descriptors with the first byte. There are at most kMaxDescriptors; descriptors
// cannot be sent without bytes. `sent`: the number of bytes.
SocketFailure send_descriptors(int channel, const uint8_t* bytes, size_t length, const std::vector<int>& descriptors,
                               size_t* sent);

// Receives at most `size` bytes and the descriptors of one message, which are close-on-exec. `received` is 0 if the
// other side has closed. If there is no room for all the descriptors, it fails with UV_EMFILE and keeps none.
SocketFailure receive_descriptors(int channel, uint8_t* bytes, size_t size, size_t* received,
                                  std::vector<Descriptor>* descriptors);

}  // namespace multisocket

#endif  // MULTISOCKET_DESCRIPTOR_CHANNEL_H_
