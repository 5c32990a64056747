// Streams: replies of several messages, which JavaScript makes as fast as the client reads.
#include <utility>

#include "tcp/tcp_connections.h"

namespace multisocket {

void TcpConnections::begin_stream(uint32_t slot) {
  Connection* connection = pool_.find(slot);
  if (connection == nullptr || connection->in_flight == 0) return;
  connection->in_flight++;
  if (connection->streamed) return;
  connection->streamed = true;
  if (connection->open()) io_->limit_unsent(connection->descriptor);
}

uint32_t TcpConnections::send_stream(uint32_t slot, const uint8_t* frames, uint32_t size) {
  Connection* connection = pool_.find(slot);
  if (closed_ || connection == nullptr || !connection->open()) return kClosed;
  now_ = io_->now();
  segments_.add(connection, frames, size);
  send_segments();
  if (!connection->open()) return kClosed;
  const uint32_t waiting = connection->output.size();
  connection->awaited = waiting > 0;
  return waiting;
}

void TcpConnections::end_stream(uint32_t slot, bool cut) {
  Connection* connection = pool_.find(slot);
  if (closed_ || connection == nullptr || connection->in_flight == 0) return;
  now_ = io_->now();
  connection->in_flight--;
  connection->last_active = now_;
  if (!connection->open()) {
    release(connection);
  } else if (cut) {
    io_->prepare_reset(connection->descriptor);
    close(connection);
  } else {
    settle(connection);
  }
}

void TcpConnections::report_streams(const std::function<void(uint32_t slot, bool open)>& changed) {
  // JavaScript may send, which may close more connections.
  for (const uint32_t slot : std::exchange(changed_, {})) {
    const Connection* connection = pool_.find(slot);
    if (!closed_ && connection != nullptr) changed(slot, connection->open());
  }
}

}  // namespace multisocket
