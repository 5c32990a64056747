// Opens TCP connections to a port of 127.0.0.1 as fast as it can, and sends nothing on them. Each stays until kHeld
// others have followed. Then it is reset, so that its port is free again. Arguments: the port, and the time in ms.
// Prints the number of connections.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>

namespace {

constexpr size_t kHeld = 500;
// Source addresses, from 127.0.2.1 on.
constexpr uint32_t kAddresses = 200;
constexpr uint32_t kFirstAddress = 0x7f000201;

sockaddr_in address(uint32_t host, uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(host);
  address.sin_port = htons(port);
  return address;
}

// Returns a connection that may not be complete yet, or -1.
int connect_from(uint32_t source, uint16_t port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  const int on = 1;
  const linger reset = {1, 0};
  setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  const sockaddr_in from = address(source, 0);
  const sockaddr_in to = address(INADDR_LOOPBACK, port);
  if (fd >= 0 && bind(fd, reinterpret_cast<const sockaddr*>(&from), sizeof from) == 0 &&
      (connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0 || errno == EINPROGRESS)) {
    return fd;
  }
  perror("connect");
  return -1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const auto port = static_cast<uint16_t>(atoi(argv[1]));
  const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(atoi(argv[2]));
  std::array<int, kHeld> held;
  held.fill(-1);
  size_t count = 0;
  while (std::chrono::steady_clock::now() < end) {
    int& place = held[count % kHeld];
    if (place >= 0) close(place);
    place = connect_from(kFirstAddress + count % kAddresses, port);
    if (place < 0) return 1;
    count++;
  }
  printf("%zu\n", count);
  return 0;
}
