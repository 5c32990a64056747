// What the connections of a TcpEndpoint get from the system.
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tcp/tcp_endpoint.h"

namespace multisocket {
namespace {

// Octets of a stream that wait in the kernel. They keep a fast client busy until the loop comes round again.
constexpr unsigned kMaxUnsent = 128 * 1024;

}  // namespace

uint64_t TcpEndpoint::now() { return uv_now(loop_); }

ssize_t TcpEndpoint::receive(int descriptor, uint8_t* to, size_t size) { return recv(descriptor, to, size, 0); }

ssize_t TcpEndpoint::send(int descriptor, const iovec* parts, int count) {
  // A single part needs no message header.
  if (count == 1) return ::send(descriptor, parts->iov_base, parts->iov_len, MSG_NOSIGNAL);
  msghdr message{};
  message.msg_iov = const_cast<iovec*>(parts);
  message.msg_iovlen = static_cast<size_t>(count);
  return sendmsg(descriptor, &message, MSG_NOSIGNAL);
}

bool TcpEndpoint::watch(int descriptor, uint64_t token) {
  epoll_event event{};
  event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  event.data.u64 = token;
  return epoll_ctl(epoll_, EPOLL_CTL_ADD, descriptor, &event) == 0;
}

void TcpEndpoint::limit_unsent(int descriptor) {
  const unsigned most = kMaxUnsent;
  setsockopt(descriptor, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &most, sizeof most);
}

void TcpEndpoint::prepare_reset(int descriptor) {
  const linger reset = {1, 0};
  setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
}

void TcpEndpoint::finish(int descriptor) { shutdown(descriptor, SHUT_WR); }

void TcpEndpoint::close(int descriptor) { ::close(descriptor); }

void TcpEndpoint::read_local(int descriptor, QueryOrigin* origin) {
  sockaddr_storage local{};
  socklen_t size = sizeof local;
  if (getsockname(descriptor, reinterpret_cast<sockaddr*>(&local), &size) == 0) origin->set_local(local);
}

}  // namespace multisocket
