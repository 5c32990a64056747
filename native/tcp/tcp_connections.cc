#include "tcp/tcp_connections.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "message/wire.h"

namespace multisocket {
namespace {

// In one turn of the loop, so that other connections, datagrams and timers have their turn.
constexpr unsigned kMaxBatches = 4;
constexpr unsigned kMaxVisits = 256;
// Messages of one connection in one visit.
constexpr unsigned kMaxMessages = 256;
constexpr uint32_t kMinTick = 5;
constexpr uint32_t kMaxTick = 250;

uint32_t tick_of(const StreamTimeouts& timeouts) {
  const uint32_t shortest = std::min({timeouts.message, timeouts.idle, timeouts.write, timeouts.linger});
  return std::clamp(shortest / 8, kMinTick, kMaxTick);
}

bool try_again(int error) { return error == EAGAIN || error == EWOULDBLOCK || error == EINTR; }

}  // namespace

TcpConnections::TcpConnections(const Memory& memory, const Options& options, StreamIo* io,
                               std::function<void(uint32_t count)> serve)
    : memory_(memory),
      options_(options),
      io_(io),
      serve_(std::move(serve)),
      now_(io->now()),
      wheel_(tick_of(options.timeouts), now_),
      batch_(memory, io),
      received_(memory.slab + layout::kTcpReceiveOffset) {}

bool TcpConnections::open(int descriptor, const sockaddr_storage& client,
                          const std::shared_ptr<const StreamListener>& listener) {
  QueryOrigin origin = listener->bound;
  uint16_t port;
  if (client.ss_family == AF_INET6) {
    const auto& address = reinterpret_cast<const sockaddr_in6&>(client);
    origin.set_client(address.sin6_addr.s6_addr, kAddressSize);
    port = ntohs(address.sin6_port);
  } else {
    const auto& address = reinterpret_cast<const sockaddr_in&>(client);
    origin.set_client(reinterpret_cast<const uint8_t*>(&address.sin_addr), sizeof address.sin_addr);
    port = ntohs(address.sin_port);
  }
  // The clients of a proxy are counted when its header has named them.
  const ProxyProtocol* proxy = listener->proxy.get();
  const bool trusted = proxy != nullptr && proxy->trusts(origin.bytes());
  const uint32_t bucket = trusted ? ConnectionLimits::kNoBucket : memory_.limits.bucket_of(origin.bytes());
  const ConnectionLimits::Admission admitted = memory_.limits.add(bucket);
  if (admitted != ConnectionLimits::Admission::kYes) {
    count(admitted == ConnectionLimits::Admission::kFull ? layout::kTcpRefused : layout::kTcpRefusedClient);
    return false;
  }
  now_ = io_->now();
  Connection* connection = pool_.take();
  connection->descriptor = descriptor;
  connection->bucket = bucket;
  connection->listener = listener;
  connection->origin = origin;
  connection->client_port = port;
  connection->has_local = !listener->wildcard;
  connection->preamble = proxy != nullptr && proxy->examines(origin.bytes());
  connection->readable = connection->writable = true;
  connection->left = options_.max_queries;
  connection->last_active = now_;
  count_++;
  count(layout::kTcpAccepted);
  count(layout::kTcpOpen);
  layout::count(memory_.counters + listener->number * layout::kSocketRow + layout::kSocketConnections);
  settle(connection);
  return true;
}

void TcpConnections::wake(uint64_t token, const StreamEvents& events) {
  Connection* connection = pool_.find(static_cast<uint32_t>(token));
  if (connection == nullptr || !connection->open() || connection->generation != token >> 32) return;
  if (events.broken) {
    close(connection);
    return;
  }
  now_ = io_->now();
  if (events.half_closed) connection->half_closed = true;
  if (events.readable || events.half_closed) connection->readable = true;
  if (events.writable) {
    connection->writable = true;
    send_output(connection);
  }
  if (connection->open()) settle(connection);
}

void TcpConnections::serve() {
  now_ = io_->now();
  batch_.begin();
  for (Connection* connection : young_) {
    connection->young = false;
    ready_.push(connection);
  }
  young_.clear();
  unsigned batches = 0;
  for (unsigned visits = 0; visits < kMaxVisits && batches < kMaxBatches && !ready_.empty(); visits++) {
    visit(ready_.pop());
    if (batch_.has_room(layout::kMaxFrame)) continue;
    run_batch();
    batches++;
    if (closed_) return;
  }
  run_batch();
}

void TcpConnections::visit(Connection* connection) {
  if (!connection->open()) {
    release(connection);
    return;
  }
  const bool waits = !connection->preamble && connection->has_frame();
  if (connection->finished || (connection->ending && !waits)) {
    discard(connection);
  } else if (!connection->full(options_.max_pipelined)) {
    if (waits) {
      take(connection, 0);
    } else {
      receive(connection);
    }
  }
  if (connection->open()) settle(connection);
}

void TcpConnections::receive(Connection* connection) {
  const ssize_t received = io_->receive(connection->descriptor, received_, layout::kTcpReceiveSize);
  if (received > 0) {
    if (connection->input.size() == 0) connection->last_active = connection->started_at = now_;
    // The next octets cause an event. Only another attempt finds the end that has come already, and what comes before
    // the connection is watched.
    const bool all = static_cast<size_t>(received) < layout::kTcpReceiveSize && !connection->half_closed;
    if (all && connection->watched) connection->readable = false;
    take(connection, static_cast<uint32_t>(received));
  } else if (received == 0) {
    connection->eof = connection->ending = true;
  } else if (try_again(errno)) {
    if (errno != EINTR) connection->readable = false;
    watch(connection);
  } else {
    close(connection);
  }
}

// Reads without use. Closing a socket with unread octets resets it, and the client might lose its last replies.
void TcpConnections::discard(Connection* connection) {
  if (!connection->readable || connection->eof) return;
  const ssize_t received = io_->receive(connection->descriptor, received_, layout::kTcpReceiveSize);
  if (received == 0) {
    connection->eof = true;
  } else if (received < 0 && !try_again(errno)) {
    close(connection);
  } else if (received < 0 && errno != EINTR) {
    connection->readable = false;
    watch(connection);
  }
}

// Takes the messages that are complete. `received`: octets in the shared memory, which follow those in the queue.
void TcpConnections::take(Connection* connection, uint32_t received) {
  OctetQueue& queue = connection->input;
  const bool queued = queue.size() > 0 || connection->preamble;
  if (queued && !queue.append(received_, received)) {
    close(connection);
    return;
  }
  if (connection->preamble && !skip_preamble(connection)) return;
  const uint32_t consumed =
      queued ? admit(connection, queue.data(), queue.size()) : admit(connection, received_, received);
  if (queued) {
    queue.consume(consumed);
  } else if (!queue.append(received_ + consumed, received - consumed)) {
    close(connection);
    return;
  }
  if (consumed > 0) connection->started_at = now_;
  if (connection->left > 0) return;
  connection->ending = true;
  queue.clear();
}

// Reads the header of a proxy. Returns whether the frames have begun.
bool TcpConnections::skip_preamble(Connection* connection) {
  OctetQueue& queue = connection->input;
  ProxyHeader header;
  const auto verdict =
      connection->listener->proxy->read(queue.data(), queue.size(), connection->origin.bytes(), &header);
  if (verdict == ProxyProtocol::Verdict::kMore) return false;
  if (verdict == ProxyProtocol::Verdict::kRefused) count(layout::kProxyRefused);
  if (verdict == ProxyProtocol::Verdict::kRefused || (header.has_ends && !name_client(connection, header))) {
    close(connection);
    return false;
  }
  connection->preamble = false;
  queue.consume(static_cast<uint32_t>(header.size));
  return true;
}

// Takes the ends from a proxy's header. Returns false if the client has as many connections as it may.
bool TcpConnections::name_client(Connection* connection, const ProxyHeader& header) {
  memcpy(connection->proxy, connection->origin.bytes(), kAddressSize);
  connection->proxy_port = std::exchange(connection->client_port, header.client_port);
  header.set_ends(&connection->origin);
  connection->proxied = connection->has_local = true;
  const uint32_t bucket = memory_.limits.bucket_of(connection->origin.bytes());
  if (memory_.limits.add_client(bucket) != ConnectionLimits::Admission::kYes) {
    count(layout::kTcpRefusedClient);
    return false;
  }
  connection->bucket = bucket;
  return true;
}

// Returns the number of consumed octets.
uint32_t TcpConnections::admit(Connection* connection, uint8_t* octets, uint32_t size) {
  uint32_t at = 0;
  unsigned messages = 0;
  unsigned replies = 0;
  const ReadSection section = batch_.section();
  while (size - at >= 2 && messages < kMaxMessages && connection->left > 0 &&
         connection->in_flight < options_.max_pipelined) {
    const uint32_t length = read16(octets + at);
    if (size - at - 2 < length || !batch_.has_room(length)) break;
    const layout::RowVerdict verdict = batch_.admit(section, connection, octets, at + 2, length, &segments_);
    if (verdict == layout::kVerdictQuery) connection->in_flight++;
    if (verdict == layout::kVerdictReply) replies++;
    if (connection->left != kAnyNumber) connection->left--;
    messages++;
    at += 2 + length;
  }
  if (messages > 0) {
    connection->asked = true;
    count(layout::kTcpQueries, messages);
    layout::count(memory_.counters + connection->listener->number * layout::kSocketRow + layout::kSocketQueries,
                  messages);
  }
  if (replies > 0) count(layout::kTcpReplies, replies);
  return at;
}

// Passes the rows to JavaScript, sends all replies, and begins a new batch.
void TcpConnections::run_batch() {
  if (batch_.rows() > 0) serve_(batch_.rows());
  flush();
  batch_.begin();
}

void TcpConnections::flush() {
  if (closed_) return;
  now_ = io_->now();
  const uint32_t entries = std::min(std::exchange(memory_.outbox[0], 0), layout::kTcpOutboxEntries);
  unsigned replies = 0;
  for (uint32_t i = 0; i < entries; i++) {
    const uint32_t* entry = memory_.outbox + 1 + i * layout::kTcpReplyWords;
    Connection* connection = pool_.find(entry[layout::kTcpReplyConnection]);
    if (connection == nullptr || connection->in_flight == 0) continue;
    connection->in_flight--;
    connection->last_active = now_;
    const uint32_t offset = entry[layout::kTcpReplyOffset];
    const uint32_t length = entry[layout::kTcpReplyLength];
    if (!connection->open()) {
      release(connection);
    } else if (length == 0 || length > 0xffff || offset < layout::kTcpOutputOffset + 2 ||
               offset > layout::kTcpAnswersOffset - length) {
      segments_.add(connection, nullptr, 0);
    } else {
      write16(memory_.slab + offset - 2, length);
      segments_.add(connection, memory_.slab + offset - 2, 2 + length);
      replies++;
    }
  }
  if (replies > 0) count(layout::kTcpReplies, replies);
  send_segments();
}

void TcpConnections::drain() {
  now_ = io_->now();
  drained_at_ = now_ + kDrainGrace;
  pool_.each_open([this](Connection* connection) {
    connection->readable = true;  // a last attempt to receive, also without an event
    settle(connection);
  });
}

void TcpConnections::close_all() {
  closed_ = true;
  pool_.each_open([this](Connection* connection) { close(connection); });
}

}  // namespace multisocket
