// The UDP clients of a load generator. Each is one connected socket, so that the kernel accepts datagrams only from the
// server's address.
#include <netinet/in.h>
#include <uv.h>

#include <array>
#include <cerrno>
#include <vector>

#include "load/load_events.h"
#include "load/load_transport.h"
#include "net/descriptor.h"
#include "net/reuseport.h"
#include "udp/datagram_io.h"

namespace multisocket {
namespace {

constexpr unsigned kBatch = 64;
constexpr unsigned kSlot = 4096;
// Room for the answers to a full window, by the kernel's accounting of small datagrams. Without CAP_NET_ADMIN the
// kernel grants less.
constexpr int kReceiveBuffer = 8 << 20;

class LoadUdp final : public LoadTransport {
 public:
  LoadUdp(const LoadPlan& plan, LoadLedger* ledger) : plan_(plan), ledger_(ledger) {
    for (unsigned i = 0; i < kBatch; i++) {
      sent_vectors_[i].iov_base = &queries_[i * LoadLedger::kMaxQuery];
      sent_[i].header.msg_iov = &sent_vectors_[i];
      sent_[i].header.msg_iovlen = 1;
      received_vectors_[i] = {&answers_[i * kSlot], kSlot};
      received_[i].header.msg_iov = &received_vectors_[i];
      received_[i].header.msg_iovlen = 1;
    }
  }

  SocketFailure open() override {
    if (!events_.open()) return failed("epoll_create");
    sockets_.reserve(plan_.clients);
    for (unsigned client = 0; client < plan_.clients; client++) {
      sockets_.emplace_back(socket(plan_.target.ss_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
      const int fd = sockets_.back().get();
      if (fd < 0) return failed("socket");
      if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &kReceiveBuffer, sizeof kReceiveBuffer) != 0) {
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &kReceiveBuffer, sizeof kReceiveBuffer);
      }
      if (connect(fd, reinterpret_cast<const sockaddr*>(&plan_.target), plan_.target_size) != 0)
        return failed("connect");
      if (!events_.add(fd, EPOLLIN, client)) return failed("epoll_ctl");
    }
    return {};
  }

  unsigned send(unsigned client, unsigned count, uint64_t due, uint64_t now) override {
    unsigned left = 0;
    while (left < count) {
      unsigned asked = 0;
      while (asked < kBatch && left + asked < count && ledger_->has_room(client)) {
        sent_vectors_[asked].iov_len = ledger_->ask(client, due, now, &queries_[asked * LoadLedger::kMaxQuery]);
        asked++;
      }
      if (asked == 0) break;
      const unsigned taken = hand_over(sockets_[client].get(), asked);
      left += taken;
      if (taken == asked) continue;
      for (unsigned i = taken; i < asked; i++) ledger_->take_back(now);
      break;
    }
    return left;
  }

  void receive(uint64_t wait) override {
    events_.wait(wait, [this](uint32_t client, uint32_t) { read(client); });
  }

  uint64_t drops() const override {
    uint64_t drops = 0;
    for (const Descriptor& socket : sockets_) drops += socket_statistics(socket.get()).drops;
    return drops;
  }

 private:
  static SocketFailure failed(const char* syscall) { return {syscall, uv_translate_sys_error(errno)}; }

  // For a single datagram, send() is cheaper.
  unsigned hand_over(int fd, unsigned count) {
    // A connected socket reports a closed port (ICMP) with the next call, which then does nothing else.
    for (int attempt = 0; attempt < 2; attempt++) {
      const ssize_t taken = count == 1 ? ::send(fd, queries_.data(), sent_vectors_[0].iov_len, MSG_DONTWAIT)
                                       : send_datagrams(fd, sent_.data(), count);
      if (taken >= 0) return count == 1 ? 1 : static_cast<unsigned>(taken);
      if (errno != ECONNREFUSED) return 0;
      ledger_->counts().refused.add(1);
    }
    return 0;
  }

  // Reads one batch. Any remaining datagrams make the socket ready again.
  void read(unsigned client) {
    const int count = receive_datagrams(sockets_[client].get(), received_.data(), kBatch);
    if (count < 0) {
      if (errno == ECONNREFUSED) ledger_->counts().refused.add(1);
      return;
    }
    const uint64_t now = load_clock();
    for (int i = 0; i < count; i++) ledger_->settle(client, &answers_[i * kSlot], received_[i].length, now);
  }

  const LoadPlan& plan_;
  LoadLedger* ledger_;
  LoadEvents events_;
  std::vector<Descriptor> sockets_;
  std::array<Datagram, kBatch> sent_{};
  std::array<Datagram, kBatch> received_{};
  std::array<iovec, kBatch> sent_vectors_{};
  std::array<iovec, kBatch> received_vectors_{};
  std::array<uint8_t, kBatch * LoadLedger::kMaxQuery> queries_{};
  std::array<uint8_t, kBatch * kSlot> answers_{};
};

}  // namespace

std::unique_ptr<LoadTransport> LoadTransport::udp(const LoadPlan& plan, LoadLedger* ledger) {
  return std::make_unique<LoadUdp>(plan, ledger);
}

}  // namespace multisocket
