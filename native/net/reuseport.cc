#include "net/reuseport.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <uv.h>

#include <cerrno>

#ifdef __linux__
#include <linux/filter.h>
#include <linux/sock_diag.h>
#endif

namespace multisocket {

#ifdef __linux__

int steer(int fd, Steering steering, uint32_t sockets) {
  if (steering == Steering::kHash) {
    const int none = 0;
    if (setsockopt(fd, SOL_SOCKET, SO_DETACH_REUSEPORT_BPF, &none, sizeof none) == 0) return 0;
    return errno == ENOENT ? 0 : uv_translate_sys_error(errno);  // ENOENT: no program was attached
  }
  const uint32_t source = SKF_AD_OFF + (steering == Steering::kRandom ? SKF_AD_RANDOM : SKF_AD_CPU);
  sock_filter code[] = {
      {BPF_LD | BPF_W | BPF_ABS, 0, 0, source},
      {BPF_ALU | BPF_MOD | BPF_K, 0, 0, sockets},
      {BPF_RET | BPF_A, 0, 0, 0},
  };
  const sock_fprog program = {sizeof code / sizeof *code, code};
  if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &program, sizeof program) == 0) return 0;
  // EINVAL: the socket is in no group yet, and gets everything.
  return errno == EINVAL && sockets == 1 ? 0 : uv_translate_sys_error(errno);
}

int leave(int fd) {
#ifdef SO_BINDTOIFINDEX
  // No packet comes from this interface, so a socket bound to it matches no packet. The kernel takes the socket out of
  // its group when it hashes it again (since Linux 5.0; without privileges since 5.7).
  const int no_interface = 0x7fffffff;
  if (setsockopt(fd, SOL_SOCKET, SO_BINDTOIFINDEX, &no_interface, sizeof no_interface) == 0) return 0;
  return uv_translate_sys_error(errno);
#else
  static_cast<void>(fd);
  return UV_ENOTSUP;
#endif
}

SocketStatistics socket_statistics(int fd) {
  SocketStatistics statistics;
  int type = 0;
  socklen_t size = sizeof type;
  if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) != 0) return statistics;
  if (type == SOCK_STREAM) {
    tcp_info info{};
    size = sizeof info;
    // For a listener, these two fields are the accept queue and its limit (ss(8) shows them as Recv-Q and Send-Q).
    if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) == 0) {
      statistics.queued = info.tcpi_unacked;
      statistics.capacity = info.tcpi_sacked;
    }
    return statistics;
  }
  uint32_t memory[SK_MEMINFO_VARS] = {};
  size = sizeof memory;
  if (getsockopt(fd, SOL_SOCKET, SO_MEMINFO, memory, &size) == 0) {
    statistics.queued = memory[SK_MEMINFO_RMEM_ALLOC];
    statistics.capacity = memory[SK_MEMINFO_RCVBUF];
    statistics.drops = memory[SK_MEMINFO_DROPS];
  }
  return statistics;
}

#else

int steer(int /*fd*/, Steering steering, uint32_t /*sockets*/) { return steering == Steering::kHash ? 0 : UV_ENOTSUP; }

int leave(int /*fd*/) { return UV_ENOTSUP; }

SocketStatistics socket_statistics(int /*fd*/) { return {}; }

#endif

}  // namespace multisocket
