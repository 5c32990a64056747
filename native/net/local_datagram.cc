#include "net/local_datagram.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <uv.h>

#include <cerrno>
#include <cstddef>
#include <cstring>

#include "net/descriptor.h"

namespace multisocket {

int send_local_datagram(const std::string& path, const std::string& message) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  // One octet stays 0. It ends a path in the file system.
  if (path.empty() || path.size() >= sizeof address.sun_path) return UV_ENAMETOOLONG;
  std::memcpy(address.sun_path, path.data(), path.size());
  if (path[0] == '@') address.sun_path[0] = '\0';
  const Descriptor socket(::socket(AF_UNIX, SOCK_DGRAM, 0));
  if (!socket.valid()) return uv_translate_sys_error(errno);
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size());
  const ssize_t sent = sendto(socket.get(), message.data(), message.size(), MSG_DONTWAIT,
                              reinterpret_cast<const sockaddr*>(&address), length);
  return sent < 0 ? uv_translate_sys_error(errno) : 0;
}

}  // namespace multisocket
