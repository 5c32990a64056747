#include "net/socket.h"

#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <uv.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace multisocket {
namespace {

SocketFailure failed(const char* syscall) { return {syscall, uv_translate_sys_error(errno)}; }

int set(int fd, int level, int option, int value) { return setsockopt(fd, level, option, &value, sizeof value); }

// Returns 0 if the system does not know the option.
int get(int fd, int level, int option) {
  int value = 0;
  socklen_t size = sizeof value;
  return getsockopt(fd, level, option, &value, &size) == 0 ? value : 0;
}

int buffer_size(int fd, int option) {
#ifdef __linux__
  return get(fd, SOL_SOCKET, option) / 2;  // Linux doubles the value that is set, and returns the double (socket(7))
#else
  return get(fd, SOL_SOCKET, option);
#endif
}

struct Address {
  sockaddr_storage storage{};
  socklen_t size = 0;
  bool ipv6() const { return storage.ss_family == AF_INET6; }
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
  // The port has the same offset in both kinds of address.
  uint16_t port() const { return ntohs(reinterpret_cast<const sockaddr_in*>(&storage)->sin_port); }
  bool wildcard() const {
    if (!ipv6()) return reinterpret_cast<const sockaddr_in*>(&storage)->sin_addr.s_addr == htonl(INADDR_ANY);
    return IN6_IS_ADDR_UNSPECIFIED(&reinterpret_cast<const sockaddr_in6*>(&storage)->sin6_addr);
  }
};

int parse(const std::string& text, uint16_t port, Address* address) {
  if (text.find(':') != std::string::npos) {
    address->size = sizeof(sockaddr_in6);
    auto* ipv6 = reinterpret_cast<sockaddr_in6*>(&address->storage);
    const int bad = uv_ip6_addr(text.c_str(), port, ipv6);
    const size_t percent = text.find('%');
    // libuv also parses a zone (`fe80::1%eth0`). It takes an unknown one, and a number (RFC 4007 s.11.2), for none.
    if (bad != 0 || percent == std::string::npos || ipv6->sin6_scope_id != 0) return bad;
    char name[IF_NAMESIZE];
    ipv6->sin6_scope_id = static_cast<uint32_t>(strtoul(text.c_str() + percent + 1, nullptr, 10));
    return if_indextoname(ipv6->sin6_scope_id, name) == nullptr ? UV_ENODEV : 0;
  }
  address->size = sizeof(sockaddr_in);
  return uv_ip4_addr(text.c_str(), port, reinterpret_cast<sockaddr_in*>(&address->storage));
}

bool read_bound(int fd, Address* address) {
  address->size = sizeof address->storage;
  return getsockname(fd, reinterpret_cast<sockaddr*>(&address->storage), &address->size) == 0;
}

// The inverse of parse, including the zone.
std::string format(const Address& address) {
  char text[INET6_ADDRSTRLEN] = "";
  if (!address.ipv6()) {
    uv_ip4_name(reinterpret_cast<const sockaddr_in*>(&address.storage), text, sizeof text);
    return text;
  }
  const auto* ipv6 = reinterpret_cast<const sockaddr_in6*>(&address.storage);
  uv_ip6_name(ipv6, text, sizeof text);
  char zone[IF_NAMESIZE];
  if (ipv6->sin6_scope_id == 0 || if_indextoname(ipv6->sin6_scope_id, zone) == nullptr) return text;
  return std::string(text) + "%" + zone;
}

Descriptor make_socket(int family, int type) {
#ifdef SOCK_CLOEXEC
  return Descriptor(socket(family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
#else
  Descriptor descriptor(socket(family, type, 0));
  if (descriptor.valid()) {
    fcntl(descriptor.get(), F_SETFD, FD_CLOEXEC);
    fcntl(descriptor.get(), F_SETFL, O_NONBLOCK);
  }
  return descriptor;
#endif
}

// The option that balances over the group. FreeBSD has a separate one (setsockopt(2) there).
#if defined(SO_REUSEPORT_LB)
constexpr int kReusePort = SO_REUSEPORT_LB;
#elif defined(SO_REUSEPORT)
constexpr int kReusePort = SO_REUSEPORT;
#else
constexpr int kReusePort = -1;
#endif

// On a kernel that does not know the option, one socket works and a second one fails with EADDRINUSE.
bool set_reuse_port(int fd) { return kReusePort >= 0 && set(fd, SOL_SOCKET, kReusePort, 1) == 0; }

// Exceeds the system's limit if the process may (CAP_NET_ADMIN). Otherwise the size is at most the limit.
void set_buffer(int fd, int force, int option, int size) {
  if (size == 0) return;
  if (force >= 0 && set(fd, SOL_SOCKET, force, size) == 0) return;
  set(fd, SOL_SOCKET, option, size);
}

// Requests the address that was queried (RFC 2181 s.4). A socket bound to all addresses does not know it otherwise.
SocketFailure set_packet_info(int fd, const Address& address, bool ipv6_only) {
  if (!address.wildcard()) return {};
  if (!address.ipv6()) {
#ifdef IP_PKTINFO
    if (set(fd, IPPROTO_IP, IP_PKTINFO, 1) != 0) return failed("setsockopt");
#endif
    return {};
  }
  // A dual-stack socket also reports IPv4 addresses this way, IPv4-mapped.
  static_cast<void>(ipv6_only);
  return set(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1) == 0 ? SocketFailure{} : failed("setsockopt");
}

// Replies are at most 1,232 bytes by default. Larger replies may be fragmented on the way. The path MTU from ICMP
// messages, which anybody can forge, is ignored (RFC 9715 s.3.1, ip(7) IP_MTU_DISCOVER). Not every system has this
// option.
void forget_path_mtu(int fd, bool ipv6) {
#ifdef IP_PMTUDISC_OMIT
  if (!ipv6) set(fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_OMIT);
#endif
#ifdef IPV6_PMTUDISC_OMIT
  if (ipv6) {
    set(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_OMIT);
    set(fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_OMIT);  // for IPv4 on a dual-stack socket
  }
#endif
  static_cast<void>(fd);
  static_cast<void>(ipv6);
}

SocketFailure bind_to_interface(int fd, const std::string& interface) {
  if (interface.empty()) return {};
#ifdef SO_BINDTODEVICE
  const auto size = static_cast<socklen_t>(interface.size());
  return setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, interface.data(), size) == 0 ? SocketFailure{}
                                                                                  : failed("setsockopt");
#else
  static_cast<void>(fd);
  return {"setsockopt", UV_ENOTSUP};
#endif
}

// The interface that a socket is bound to. The kernel binds a socket with a link-local address to its interface, too.
std::string interface_of(int fd, const Address& bound) {
#ifdef SO_BINDTODEVICE
  if (bound.ipv6() && reinterpret_cast<const sockaddr_in6*>(&bound.storage)->sin6_scope_id != 0) return {};
  char name[IF_NAMESIZE] = "";
  socklen_t size = sizeof name;
  if (getsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, name, &size) == 0) return {name, strnlen(name, size)};
#else
  static_cast<void>(fd);
  static_cast<void>(bound);
#endif
  return {};
}

SocketFailure set_before_bind(int fd, const SocketOptions& options, const Address& address) {
  const SocketFailure failure = bind_to_interface(fd, options.interface);
  if (failure.syscall != nullptr) return failure;
  if (address.ipv6() && set(fd, IPPROTO_IPV6, IPV6_V6ONLY, options.ipv6_only) != 0) return failed("setsockopt");
  // TCP: allows a new listener while old connections are in TIME_WAIT. Never on UDP, where the newest socket would get
  // all datagrams (socket(7)).
  if (options.tcp && set(fd, SOL_SOCKET, SO_REUSEADDR, 1) != 0) return failed("setsockopt");
#ifdef IP_FREEBIND
  if (options.freebind && set(fd, IPPROTO_IP, IP_FREEBIND, 1) != 0) return failed("setsockopt");
#endif
#ifdef SO_RCVBUFFORCE
  set_buffer(fd, SO_RCVBUFFORCE, SO_RCVBUF, options.receive_buffer_size);
  set_buffer(fd, SO_SNDBUFFORCE, SO_SNDBUF, options.send_buffer_size);
#else
  set_buffer(fd, -1, SO_RCVBUF, options.receive_buffer_size);
  set_buffer(fd, -1, SO_SNDBUF, options.send_buffer_size);
#endif
  if (options.tcp) return {};
  forget_path_mtu(fd, address.ipv6());
  return set_packet_info(fd, address, options.ipv6_only);
}

SocketFailure listen_on(int fd, const SocketOptions& options) {
#ifdef TCP_FASTOPEN
  if (options.fast_open > 0 && set(fd, IPPROTO_TCP, TCP_FASTOPEN, options.fast_open) != 0) {
    return failed("setsockopt");
  }
#endif
  return listen(fd, options.backlog) == 0 ? SocketFailure{} : failed("listen");
}

}  // namespace

SocketFailure open_socket(const SocketOptions& options, OpenSocket* opened) {
  Address address;
  const int bad = parse(options.address, options.port, &address);
  if (bad != 0) return {"bind", bad};

  Descriptor descriptor = make_socket(address.storage.ss_family, options.tcp ? SOCK_STREAM : SOCK_DGRAM);
  if (!descriptor.valid()) return failed("socket");
  const int fd = descriptor.get();
  SocketFailure failure = set_before_bind(fd, options, address);
  if (failure.syscall != nullptr) return failure;

  // Without the option, the bind fails if any socket has the port, even one with SO_REUSEPORT. When the option is set
  // after the bind, the kernel makes the group, and the other sockets of the group can join.
  const bool after_bind = options.reuse_port && options.exclusive;
  opened->reuse_port = options.reuse_port && !options.exclusive && set_reuse_port(fd);
  if (bind(fd, address.get(), address.size) != 0) return failed("bind");
  if (after_bind) opened->reuse_port = set_reuse_port(fd);
  if (options.tcp) {
    failure = listen_on(fd, options);
    if (failure.syscall != nullptr) return failure;
  }

  Address bound;
  if (!read_bound(fd, &bound)) return failed("getsockname");
  opened->port = bound.port();
  opened->receive_buffer_size = buffer_size(fd, SO_RCVBUF);
  opened->send_buffer_size = buffer_size(fd, SO_SNDBUF);
  opened->descriptor = std::move(descriptor);
  return {};
}

SocketFailure describe_socket(int fd, SocketDescription* description) {
  int type = 0;
  socklen_t size = sizeof type;
  if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) != 0) return failed("getsockopt");
  Address bound;
  if (!read_bound(fd, &bound)) return failed("getsockname");
  if (bound.storage.ss_family != AF_INET && !bound.ipv6()) return {"getsockname", UV_EAFNOSUPPORT};
  bool known = type == SOCK_STREAM || type == SOCK_DGRAM;
#ifdef SO_PROTOCOL
  constexpr int kMultipathTcp = 262;  // a listener accepts plain TCP too; systemd can be configured to use it
  const int protocol = get(fd, SOL_SOCKET, SO_PROTOCOL);
  known = known && (protocol == IPPROTO_UDP || protocol == IPPROTO_TCP || protocol == kMultipathTcp);
#endif
  if (!known) return {"getsockopt", UV_EPROTONOSUPPORT};

  description->tcp = type == SOCK_STREAM;
  description->address = format(bound);
  description->port = bound.port();
  description->reuse_port = kReusePort >= 0 && get(fd, SOL_SOCKET, kReusePort) != 0;
  description->ipv6_only = bound.ipv6() && get(fd, IPPROTO_IPV6, IPV6_V6ONLY) != 0;
  description->interface = interface_of(fd, bound);
  description->listening = description->tcp && get(fd, SOL_SOCKET, SO_ACCEPTCONN) != 0;
  description->receive_buffer_size = buffer_size(fd, SO_RCVBUF);
  description->send_buffer_size = buffer_size(fd, SO_SNDBUF);
  return {};
}

SocketFailure prepare_inherited(int fd) {
  const int flags = fcntl(fd, F_GETFL);
  if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0 || fcntl(fd, F_SETFD, FD_CLOEXEC) != 0) {
    return failed("fcntl");
  }
  SocketDescription description;
  const SocketFailure failure = describe_socket(fd, &description);
  if (failure.syscall != nullptr || description.tcp) return failure;
  Address bound;
  if (!read_bound(fd, &bound)) return failed("getsockname");
  forget_path_mtu(fd, bound.ipv6());
  return set_packet_info(fd, bound, description.ipv6_only);
}

}  // namespace multisocket
