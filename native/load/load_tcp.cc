// The TCP clients of a load generator (RFC 7766). Each has one connection at a time. It opens the connection for a
// query, and opens a new one after the server has closed it.
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <uv.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>
#include <vector>

#include "load/load_events.h"
#include "load/load_transport.h"
#include "net/descriptor.h"

namespace multisocket {
namespace {

constexpr size_t kMessage = 2 + 65535;
// Room for an incomplete message and for more input.
constexpr size_t kInput = kMessage + 65536;
// The most output that waits for a server that does not read.
constexpr size_t kMaxOutput = 65536;
// The delay, in nanoseconds, after which a client without a connection or a free port tries again.
constexpr uint64_t kRetry = 10'000'000;

class LoadTcp final : public LoadTransport {
 public:
  LoadTcp(const LoadPlan& plan, LoadLedger* ledger)
      : plan_(plan), ledger_(ledger), connections_(plan.clients), input_(kInput) {}

  SocketFailure open() override {
    return events_.open() ? SocketFailure{} : SocketFailure{"epoll_create", uv_translate_sys_error(errno)};
  }

  unsigned send(unsigned client, unsigned count, uint64_t due, uint64_t now) override {
    Connection& connection = connections_[client];
    if (connection.retry_at > now) return 0;
    if (plan_.one_query_a_connection) {
      if (ledger_->waiting(client) > 0) return 0;
      close(&connection);  // its query is lost; after an answer, the connection is closed already
    }
    if (!connection.socket.valid() && !dial(client, now)) return 0;
    unsigned asked = 0;
    while (asked < count && ledger_->has_room(client) &&
           connection.output.size() + 2 + LoadLedger::kMaxQuery <= kMaxOutput) {
      std::array<uint8_t, LoadLedger::kMaxQuery> query;
      const unsigned length = ledger_->ask(client, due, now, query.data());
      connection.output.push_back(static_cast<uint8_t>(length >> 8));
      connection.output.push_back(static_cast<uint8_t>(length));
      connection.output.insert(connection.output.end(), query.begin(), query.begin() + length);
      asked++;
    }
    flush(client, now);
    return asked;
  }

  void receive(uint64_t wait) override {
    events_.wait(wait, [this](uint32_t client, uint32_t events) {
      const uint64_t now = load_clock();
      if ((events & EPOLLOUT) != 0 && (events & EPOLLERR) == 0) {
        connections_[client].connected = true;
        flush(client, now);
      }
      if ((events & ~static_cast<uint32_t>(EPOLLOUT)) != 0) read(client);
    });
  }

 private:
  struct Connection {
    Descriptor socket;
    bool connected = false;
    bool heard = false;  // an answer has arrived on it
    uint64_t retry_at = 0;
    std::vector<uint8_t> output;   // not sent yet
    std::vector<uint8_t> partial;  // the start of an incomplete message
  };

  bool dial(unsigned client, uint64_t now) {
    Connection& connection = connections_[client];
    Descriptor fresh(socket(plan_.target.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    const int on = 1;
    const bool begun =
        fresh.valid() && setsockopt(fresh.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == 0 &&
        (connect(fresh.get(), reinterpret_cast<const sockaddr*>(&plan_.target), plan_.target_size) == 0 ||
         errno == EINPROGRESS) &&
        events_.add(fresh.get(), EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, client);
    if (!begun) {
      ledger_->counts().refused.add(1);
      connection.retry_at = now + kRetry;
      return false;
    }
    ledger_->counts().connections.add(1);
    connection.socket = std::move(fresh);
    connection.connected = connection.heard = false;
    return true;
  }

  void flush(unsigned client, uint64_t now) {
    Connection& connection = connections_[client];
    if (!connection.connected || connection.output.empty()) return;
    const ssize_t taken = ::send(connection.socket.get(), connection.output.data(), connection.output.size(),
                                 MSG_DONTWAIT | MSG_NOSIGNAL);
    if (taken > 0) {
      connection.output.erase(connection.output.begin(), connection.output.begin() + taken);
    } else if (taken < 0 && errno != EAGAIN) {
      hang_up(client, now);
    }
  }

  // The server has closed the connection, or it failed: its queries are lost.
  void hang_up(unsigned client, uint64_t now) {
    Connection& connection = connections_[client];
    LoadCounts& counts = ledger_->counts();
    (connection.connected ? counts.disconnects : counts.refused).add(1);
    if (!connection.heard) connection.retry_at = now + kRetry;
    ledger_->abandon(client, now);
    close(&connection);
  }

  static void close(Connection* connection) {
    connection->socket.reset();
    connection->output.clear();
    connection->partial.clear();
  }

  void read(unsigned client) {
    Connection& connection = connections_[client];
    while (connection.socket.valid()) {
      const size_t kept = connection.partial.size();
      std::copy(connection.partial.begin(), connection.partial.end(), input_.begin());
      const size_t room = input_.size() - kept;
      const ssize_t length = recv(connection.socket.get(), input_.data() + kept, room, MSG_DONTWAIT);
      if (length < 0 && errno == EAGAIN) return;
      const uint64_t now = load_clock();
      if (length <= 0) {
        hang_up(client, now);
        return;
      }
      take(client, kept + static_cast<size_t>(length), now);
    }
  }

  // Settles the complete messages (RFC 1035 s.4.2.2) in the input and keeps the rest.
  void take(unsigned client, size_t length, uint64_t now) {
    Connection& connection = connections_[client];
    size_t at = 0;
    while (length - at >= 2) {
      const size_t message = static_cast<size_t>(input_[at] << 8 | input_[at + 1]);
      if (length - at < 2 + message) break;
      ledger_->settle(client, &input_[at + 2], message, now);
      connection.heard = true;
      at += 2 + message;
    }
    connection.partial.assign(input_.begin() + static_cast<ptrdiff_t>(at),
                              input_.begin() + static_cast<ptrdiff_t>(length));
    if (plan_.one_query_a_connection && ledger_->waiting(client) == 0) close(&connection);
  }

  const LoadPlan& plan_;
  LoadLedger* ledger_;
  LoadEvents events_;
  std::vector<Connection> connections_;
  std::vector<uint8_t> input_;
};

}  // namespace

std::unique_ptr<LoadTransport> LoadTransport::tcp(const LoadPlan& plan, LoadLedger* ledger) {
  return std::make_unique<LoadTcp>(plan, ledger);
}

}  // namespace multisocket
