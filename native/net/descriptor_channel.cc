#include "net/descriptor_channel.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <uv.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace multisocket {
namespace {

// One adopter at a time receives an offer; others may wait.
constexpr int kBacklog = 8;

// Systems without these flags use fcntl(2), and rely on Node, which ignores SIGPIPE.
#ifdef MSG_CMSG_CLOEXEC
constexpr int kReceiveFlags = MSG_CMSG_CLOEXEC;
#else
constexpr int kReceiveFlags = 0;
#endif
#ifdef MSG_NOSIGNAL
constexpr int kSendFlags = MSG_NOSIGNAL;
#else
constexpr int kSendFlags = 0;
#endif

SocketFailure failed(const char* syscall) { return {syscall, uv_translate_sys_error(errno)}; }

void set_flags(int fd) {
  fcntl(fd, F_SETFD, FD_CLOEXEC);
  fcntl(fd, F_SETFL, O_NONBLOCK);
}

Descriptor make_socket(int type) {
  Descriptor descriptor(socket(AF_UNIX, type, 0));
  if (descriptor.valid()) set_flags(descriptor.get());
  return descriptor;
}

struct UnixAddress {
  sockaddr_un storage{};
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
  // Returns false if the path is too long for the system.
  bool set(const std::string& path) {
    if (path.size() >= sizeof storage.sun_path) return false;
    storage.sun_family = AF_UNIX;
    memcpy(storage.sun_path, path.c_str(), path.size() + 1);
    return true;
  }
};

bool same_user(int fd) {
#ifdef SO_PEERCRED
  ucred peer{};
  socklen_t size = sizeof peer;
  return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && peer.uid == geteuid();
#else
  uid_t user;
  gid_t group;
  return getpeereid(fd, &user, &group) == 0 && user == geteuid();
#endif
}

// Checks for a listener without disturbing it. A datagram socket cannot connect to it: the error tells of a wrong type
// if a process listens, and of a missing listener if not.
bool is_stale(const UnixAddress& address) {
  const Descriptor probe = make_socket(SOCK_DGRAM);
  return probe.valid() && connect(probe.get(), address.get(), sizeof address.storage) != 0 && errno == ECONNREFUSED;
}

SocketFailure bind_at(int fd, const UnixAddress& address) {
  if (bind(fd, address.get(), sizeof address.storage) == 0) return {};
  if (errno != EADDRINUSE) return failed("bind");
  struct stat file {};
  const char* path = address.storage.sun_path;
  if (lstat(path, &file) == 0 && !S_ISSOCK(file.st_mode)) return {"bind", UV_ENOTSOCK};
  if (!is_stale(address)) return {"bind", UV_EADDRINUSE};
  if (unlink(path) != 0) return failed("unlink");
  return bind(fd, address.get(), sizeof address.storage) == 0 ? SocketFailure{} : failed("bind");
}

// Room for the descriptors of one message, aligned as CMSG_FIRSTHDR requires.
union Control {
  cmsghdr alignment;
  char bytes[CMSG_SPACE(kMaxDescriptors * sizeof(int))];
};

void take(const msghdr& message, std::vector<Descriptor>* descriptors) {
  for (cmsghdr* part = CMSG_FIRSTHDR(&message); part != nullptr;
       part = CMSG_NXTHDR(const_cast<msghdr*>(&message), part)) {
    if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
    const size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (size_t i = 0; i < count; i++) {
      int fd;
      memcpy(&fd, CMSG_DATA(part) + i * sizeof fd, sizeof fd);
      if (kReceiveFlags == 0) fcntl(fd, F_SETFD, FD_CLOEXEC);
      descriptors->emplace_back(fd);
    }
  }
}

}  // namespace

SocketFailure listen_for_channels(const std::string& path, mode_t mode, Descriptor* listener) {
  UnixAddress address;
  if (!address.set(path)) return {"bind", UV_ENAMETOOLONG};
  Descriptor descriptor = make_socket(SOCK_STREAM);
  if (!descriptor.valid()) return failed("socket");
  const SocketFailure failure = bind_at(descriptor.get(), address);
  if (failure.syscall != nullptr) return failure;
  // A process can connect only after listen(), so there is no moment with other permissions.
  const bool listening = chmod(path.c_str(), mode) == 0 && listen(descriptor.get(), kBacklog) == 0;
  if (!listening) {
    const SocketFailure reason = failed("listen");
    unlink(path.c_str());
    return reason;
  }
  *listener = std::move(descriptor);
  return {};
}

SocketFailure connect_channel(const std::string& path, Descriptor* channel) {
  UnixAddress address;
  if (!address.set(path)) return {"connect", UV_ENAMETOOLONG};
  Descriptor descriptor = make_socket(SOCK_STREAM);
  if (!descriptor.valid()) return failed("socket");
  if (connect(descriptor.get(), address.get(), sizeof address.storage) != 0) return failed("connect");
  if (!same_user(descriptor.get())) return {"connect", UV_EACCES};
  *channel = std::move(descriptor);
  return {};
}

SocketFailure accept_channel(int listener, Descriptor* channel) {
  for (;;) {
    Descriptor descriptor(accept(listener, nullptr, nullptr));
    if (!descriptor.valid() && (errno == EINTR || errno == ECONNABORTED)) continue;
    if (!descriptor.valid()) return failed("accept");
    if (!same_user(descriptor.get())) continue;
    set_flags(descriptor.get());
    *channel = std::move(descriptor);
    return {};
  }
}

SocketFailure send_descriptors(int channel, const uint8_t* bytes, size_t length, const std::vector<int>& descriptors,
                               size_t* sent) {
  if (descriptors.size() > kMaxDescriptors) return {"sendmsg", UV_EINVAL};
  iovec part = {const_cast<uint8_t*>(bytes), length};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  Control control{};
  if (!descriptors.empty()) {
    const size_t size = descriptors.size() * sizeof(int);
    message.msg_control = control.bytes;
    message.msg_controllen = CMSG_SPACE(size);
    cmsghdr* rights = CMSG_FIRSTHDR(&message);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(size);
    memcpy(CMSG_DATA(rights), descriptors.data(), size);
  }
  ssize_t done;
  do {
    done = sendmsg(channel, &message, kSendFlags);
  } while (done < 0 && errno == EINTR);
  if (done < 0) return failed("sendmsg");
  *sent = static_cast<size_t>(done);
  return {};
}

SocketFailure receive_descriptors(int channel, uint8_t* bytes, size_t size, size_t* received,
                                  std::vector<Descriptor>* descriptors) {
  iovec part = {bytes, size};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  Control control{};
  message.msg_control = control.bytes;
  message.msg_controllen = sizeof control.bytes;
  ssize_t done;
  do {
    done = recvmsg(channel, &message, kReceiveFlags);
  } while (done < 0 && errno == EINTR);
  if (done < 0) return failed("recvmsg");
  std::vector<Descriptor> taken;
  take(message, &taken);
  // The buffer has room for the most descriptors that a message can have. The process's table of descriptors is full.
  if ((message.msg_flags & MSG_CTRUNC) != 0) return {"recvmsg", UV_EMFILE};
  *received = static_cast<size_t>(done);
  *descriptors = std::move(taken);
  return {};
}

}  // namespace multisocket
