// Datagrams to a Unix socket, which Node does not offer.
#ifndef MULTISOCKET_LOCAL_DATAGRAM_H_
#define MULTISOCKET_LOCAL_DATAGRAM_H_

#include <string>

namespace multisocket {

// Sends `message` as one datagram to the Unix socket at `path`. A path that starts with `@` is a name in the abstract
// namespace (unix(7)). Does not block. Returns 0 or a libuv error.
int send_local_datagram(const std::string& path, const std::string& message);

}  // namespace multisocket

#endif  // MULTISOCKET_LOCAL_DATAGRAM_H_
