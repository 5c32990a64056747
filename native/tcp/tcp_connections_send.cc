// The sending half of TcpConnections, and the ends of connections.
#include <sys/uio.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "tcp/tcp_connections.h"

namespace multisocket {
namespace {

// Segments that one system call sends.
constexpr int kMaxParts = 64;

}  // namespace

// Sends the gathered replies of each connection.
void TcpConnections::send_segments() {
  segments_.flush([this](Connection* connection) {
    if (!connection->open()) {
      release(connection);
      return;
    }
    send(connection);
    if (connection->open()) settle(connection);
  });
}

// Sends the new replies of a connection. What the kernel does not take goes to the connection's own memory.
void TcpConnections::send(Connection* connection) {
  const bool waited = connection->output.size() > 0;
  bool direct = connection->writable && !waited;
  bool kept = true;
  iovec parts[kMaxParts];
  int count = 0;
  const auto submit = [&]() {
    ssize_t sent = 0;
    if (direct && count > 0) {
      sent = io_->send(connection->descriptor, parts, count);
      if (sent < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) kept = false;
      if (sent < 0) sent = 0;
    }
    for (int i = 0; i < count && kept; i++) {
      const auto* octets = static_cast<const uint8_t*>(parts[i].iov_base);
      const size_t skip = std::min<size_t>(static_cast<size_t>(sent), parts[i].iov_len);
      sent -= static_cast<ssize_t>(skip);
      kept = connection->output.append(octets + skip, parts[i].iov_len - skip);
    }
    if (connection->output.size() > 0) direct = false;
    count = 0;
  };
  segments_.each(connection, [&](const uint8_t* octets, uint32_t size) {
    parts[count].iov_base = const_cast<uint8_t*>(octets);
    parts[count].iov_len = size;
    if (++count == kMaxParts) submit();
  });
  submit();
  if (!kept) {
    close(connection);
    return;
  }
  connection->last_active = now_;
  if (connection->output.size() == 0 || waited) return;
  connection->unread_since = now_;
  connection->writable = false;
  watch(connection);
}

// Sends replies that have waited, after the kernel has room again.
void TcpConnections::send_output(Connection* connection) {
  OctetQueue& output = connection->output;
  while (output.size() > 0) {
    const iovec part = {output.data(), output.size()};
    const ssize_t sent = io_->send(connection->descriptor, &part, 1);
    if (sent < 0) {
      if (errno == EINTR) continue;
      if (errno == EAGAIN || errno == EWOULDBLOCK) {
        connection->writable = false;
      } else {
        close(connection);
      }
      return;
    }
    // A client that reads slowly is still alive.
    connection->unread_since = now_;
    output.consume(static_cast<uint32_t>(sent));
  }
  if (connection->awaited) {
    connection->awaited = false;
    changed_.push_back(connection->slot);
  }
}

// Decides what comes next on an open connection: its end, another visit, or an event. Sets its deadline.
void TcpConnections::settle(Connection* connection) {
  const bool waits = !connection->preamble && connection->has_frame();
  const bool full = connection->full(options_.max_pipelined);
  // What has come of a message may have waited for long, and not for the client.
  if (connection->blocked && !waits && !full) connection->started_at = now_;
  connection->blocked = waits || full;
  if (drained(connection)) connection->ending = true;
  if (connection->ending && !waits && !connection->touched && connection->in_flight == 0 &&
      connection->output.size() == 0) {
    end(connection);
    if (!connection->open()) return;
  }
  wheel_.set(connection, connection->deadline(options_.timeouts).at);
  if (full && !connection->finished) return;
  if (waits || (connection->readable && !connection->eof && connection->watched)) {
    ready_.push(connection);
  } else if (connection->readable && !connection->eof && !connection->ready && !connection->young) {
    connection->young = true;
    young_.push_back(connection);
  }
}

// Whether the server drains, and the connection has had its last chance to bring a query.
bool TcpConnections::drained(const Connection* connection) const {
  if (drained_at_ == TimerWheel::kNever) return false;
  return now_ >= drained_at_ || (!connection->readable && !connection->expects());
}

void TcpConnections::tick() {
  now_ = io_->now();
  if (now_ >= drained_at_) pool_.each_open([this](Connection* connection) { settle(connection); });
  wheel_.advance(now_, [this](Timed* item) {
    auto* connection = static_cast<Connection*>(item);
    const Connection::Deadline deadline = connection->deadline(options_.timeouts);
    if (deadline.at > now_) {
      wheel_.set(connection, deadline.at);
      return;
    }
    if (deadline.reason == Overdue::kWrite) count(layout::kTcpWriteTimeout);
    if (deadline.reason == Overdue::kMessage) count(layout::kTcpMessageTimeout);
    if (deadline.reason == Overdue::kIdle) count(layout::kTcpIdle);
    close(connection);
  });
}

// Closes a connection that has nothing more to do, or only the server's side of it while the client's is open.
void TcpConnections::end(Connection* connection) {
  if (connection->eof) {
    close(connection);
  } else if (!connection->finished) {
    connection->finished = true;
    connection->finished_at = now_;
    connection->input.clear();
    io_->finish(connection->descriptor);
  }
}

void TcpConnections::watch(Connection* connection) {
  if (connection->watched) return;
  connection->watched =
      io_->watch(connection->descriptor, static_cast<uint64_t>(connection->generation) << 32 | connection->slot);
  if (!connection->watched) close(connection);
}

void TcpConnections::close(Connection* connection) {
  if (!connection->open()) return;
  io_->close(std::exchange(connection->descriptor, -1));
  wheel_.remove(connection);
  memory_.limits.remove(connection->bucket);
  connection->input.clear();
  connection->output.clear();
  connection->listener.reset();
  count_--;
  count(layout::kTcpOpen, -1);
  if (connection->streamed && connection->in_flight > 0) changed_.push_back(connection->slot);
  release(connection);
}

// Gives the slot of a closed connection back when nothing refers to it any more. Called once when it closes, and once
// for each reference that ends later.
void TcpConnections::release(Connection* connection) {
  if (connection->ready || connection->touched || connection->young || connection->in_flight > 0) return;
  pool_.give_back(connection);
}

}  // namespace multisocket
