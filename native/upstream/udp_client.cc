#include "upstream/udp_client.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "message/wire.h"
#include "upstream/upstream_answer.h"

namespace multisocket {
namespace {

// Batches of one socket in one turn of the loop, so that other work is done during a flood.
constexpr unsigned kMaxBatches = 4;

// A port is used for a limited time and a limited number of queries. Each limit is random, between this value and twice
// this value, so that an attacker's knowledge of a port is soon useless. Opening a socket costs as much as a few
// queries.
constexpr unsigned kMinUses = 4096;
constexpr uint64_t kMinLife = 10'000;  // ms

// Room for the answers to a burst.
constexpr int kReceiveBuffer = 1 << 20;

bool would_block(int error) { return error == EAGAIN || error == EWOULDBLOCK; }

}  // namespace

UdpClient::UdpClient(const Memory& memory, Deliver deliver)
    : memory_(memory), deliver_(std::move(deliver)), sender_(memory.slab) {
  for (unsigned i = 0; i < layout::kBatchSize; i++) {
    parts_[i] = {memory_.slab + i * layout::kSlotStride, layout::kMaxDatagram};
    datagrams_[i].header = {};
    datagrams_[i].header.msg_iov = &parts_[i];
    datagrams_[i].header.msg_iovlen = 1;
  }
}

std::shared_ptr<UdpClient> UdpClient::open(uv_loop_t* loop, const Memory& memory, Deliver deliver) {
  std::shared_ptr<UdpClient> client(new UdpClient(memory, std::move(deliver)));
  client->begin(loop);
  return client;
}

void UdpClient::add(const Address& address, const Address& source) { upstreams_.push_back({address, source, {}}); }

void UdpClient::flush() {
  const uint32_t count = std::exchange(memory_.outbox[0], 0);
  std::array<uint32_t*, layout::kBatchSize> entries;
  for (uint32_t number = 0; number < upstreams_.size(); number++) {
    unsigned gathered = 0;
    for (uint32_t i = 0; i < count; i++) {
      uint32_t* entry = memory_.outbox + 1 + i * layout::kClientOutboxWords;
      if (entry[layout::kAskUpstream] != number) continue;
      entries[gathered++] = entry;
      if (gathered == layout::kBatchSize) send(&upstreams_[number], entries.data(), std::exchange(gathered, 0));
    }
    if (gathered > 0) send(&upstreams_[number], entries.data(), gathered);
  }
}

void UdpClient::send(Upstream* upstream, uint32_t** entries, unsigned count) {
  Socket* socket = closing() ? nullptr : sender(upstream, count);
  if (socket == nullptr) {
    const auto error = static_cast<uint32_t>(errno);
    for (unsigned i = 0; i < count; i++) entries[i][layout::kAskError] = error;
    return;
  }
  for (unsigned i = 0; i < count; i++) {
    uint8_t* message = memory_.slab + entries[i][layout::kAskOffset];
    const auto question_end = static_cast<uint16_t>(entries[i][layout::kAskQuestionEnd]);
    waiting_.add(entries[i][layout::kAskHandle], message, question_end, socket);
  }
  socket->outstanding += count;
  const QuerySender::Sent sent = sender_.send(socket->descriptor.get(), entries, count);
  counters_.sent += count - sent.unsent;
  if (sent.error != 0) {
    socket->error = sent.error;
    ready_.push(socket);
  }
  for (unsigned i = 0; i < count && sent.unsent > 0; i++) {
    if (entries[i][layout::kAskError] != 0) release(entries[i][layout::kAskHandle]);
  }
}

std::string UdpClient::forget(uint32_t handle) {
  const auto* socket = static_cast<const Socket*>(waiting_.place(handle));
  if (socket == nullptr) return {};
  std::string from = local_address(socket->descriptor.get());
  release(handle);
  return from;
}

void UdpClient::release(uint32_t handle) {
  auto* socket = static_cast<Socket*>(const_cast<void*>(waiting_.remove(handle)));
  if (socket == nullptr) return;
  socket->outstanding--;
  if (socket->retired && socket->outstanding == 0) close_socket(socket);
}

// Returns one of the upstream's sockets, chosen at random, or null if none can be opened.
UdpClient::Socket* UdpClient::sender(Upstream* upstream, unsigned count) {
  Socket*& socket = upstream->sockets[waiting_.random() % kSockets];
  if (socket != nullptr && (socket->uses_left < count || uv_now(loop()) >= socket->retire_at)) retire(&socket);
  if (socket == nullptr) socket = open_socket(*upstream);
  if (socket != nullptr) socket->uses_left -= count;
  return socket;
}

UdpClient::Socket* UdpClient::open_socket(const Upstream& upstream) {
  const auto& [address, length] = upstream.address;
  const auto& [source, source_length] = upstream.source;
  Descriptor descriptor(::socket(address.ss_family, SOCK_DGRAM, 0));
  if (!descriptor.valid()) return nullptr;
  fcntl(descriptor.get(), F_SETFD, FD_CLOEXEC);
  fcntl(descriptor.get(), F_SETFL, O_NONBLOCK);
  setsockopt(descriptor.get(), SOL_SOCKET, SO_RCVBUF, &kReceiveBuffer, sizeof kReceiveBuffer);
  // The kernel chooses a random port (RFC 6056).
  if (source_length != 0 && bind(descriptor.get(), reinterpret_cast<const sockaddr*>(&source), source_length) != 0) {
    return nullptr;
  }
  if (connect(descriptor.get(), reinterpret_cast<const sockaddr*>(&address), length) != 0) return nullptr;
  int error = 0;
  Socket* socket = watch(std::make_unique<Socket>(std::move(descriptor)), &error);
  if (socket == nullptr) return nullptr;
  socket->uses_left = kMinUses + waiting_.random() % kMinUses;
  socket->retire_at = uv_now(loop()) + kMinLife + waiting_.random() % kMinLife;
  set_ref(socket, false);
  if (start_reading(socket) == 0) return socket;
  close_socket(socket);
  return nullptr;
}

// Takes a socket out of use. It stays open while queries wait for answers on it.
void UdpClient::retire(Socket** place) {
  Socket* socket = std::exchange(*place, nullptr);
  socket->retired = true;
  if (socket->outstanding == 0) close_socket(socket);
}

// Takes a given socket out of use.
void UdpClient::give_up(const Socket* socket) {
  for (Upstream& upstream : upstreams_) {
    for (Socket*& place : upstream.sockets) {
      if (place == socket) retire(&place);
    }
  }
}

void UdpClient::close_sockets() {
  for (Upstream& upstream : upstreams_) {
    for (Socket*& socket : upstream.sockets) {
      if (socket != nullptr) retire(&socket);
    }
  }
  for (uint32_t handle = 0; handle < waiting_.size(); handle++) release(handle);
}

// Reads one batch at a time from each ready socket. A socket with more datagrams is readable again in the next turn.
void UdpClient::turn() {
  for (unsigned batches = 0; batches < kMaxBatches && !ready_.empty(); batches++) {
    auto* socket = static_cast<Socket*>(ready_.pop());
    // JavaScript may forget queries meanwhile; this keeps the socket open.
    socket->outstanding++;
    const bool more = receive(socket);
    if (socket->error != 0) fail_outstanding(socket);
    socket->outstanding--;
    if (socket->retired && socket->outstanding == 0) {
      close_socket(socket);
    } else if (more) {
      ready_.push(socket);
    }
  }
}

// Returns whether more datagrams may wait.
bool UdpClient::receive(Socket* socket) {
  for (Datagram& datagram : datagrams_) datagram.header.msg_flags = 0;
  const int count = receive_datagrams(socket->descriptor.get(), datagrams_.data(), layout::kBatchSize);
  if (count < 0) {
    if (errno == EINTR) return true;
    if (would_block(errno)) return false;
    socket->error = errno;
    return true;
  }
  counters_.received += count;
  const uint32_t rows = match(socket, count);
  counters_.unmatched += count - rows;
  if (rows > 0) deliver_(rows);
  return count == static_cast<int>(layout::kBatchSize);
}

// Fills rows for the datagrams that answer a query of this socket, and packs them at the beginning of the slab.
uint32_t UdpClient::match(Socket* socket, unsigned received) {
  uint32_t rows = 0;
  uint32_t packed = 0;
  for (unsigned i = 0; i < received; i++) {
    uint32_t* row = memory_.answers + rows * layout::kAnswerWords;
    if (!read(memory_.slab + i * layout::kSlotStride, datagrams_[i], socket, packed, row)) continue;
    rows++;
    if (row[layout::kAnswerOutcome] == layout::kAnswered) packed += row[layout::kAnswerLength];
    release(row[layout::kAnswerHandle]);
  }
  return rows;
}

// Fills the row of the query that a datagram finishes. Returns false if it finishes none.
bool UdpClient::read(const uint8_t* message, const Datagram& datagram, Socket* socket, uint32_t packed, uint32_t* row) {
  const uint32_t length = datagram.length;
  if (length < kHeaderSize || !is_response(message)) return false;
  Fit fit;
  const uint32_t handle = waiting_.find(message, length, socket, &fit);
  if (handle == WaitingQueries::kNoHandle) {
    const uint32_t guessed = waiting_.count_guess(message, length, socket);
    if (guessed == WaitingQueries::kNoHandle) return false;
    counters_.given_up++;
    give_up(socket);
    row[layout::kAnswerHandle] = guessed;
    row[layout::kAnswerOutcome] = layout::kGuessed;
    return true;
  }
  row[layout::kAnswerHandle] = handle;
  if (fit == Fit::kMisspelt) {
    row[layout::kAnswerOutcome] = layout::kMisspelt;
    return true;
  }
  if ((datagram.header.msg_flags & MSG_TRUNC) != 0) {
    row[layout::kAnswerOutcome] = layout::kTruncated;
    return true;
  }
  UpstreamAnswer answer;
  const layout::AnswerOutcome outcome = read_answer(message, length, waiting_.question_end(handle), fit, &answer);
  row[layout::kAnswerOutcome] = outcome;
  if (outcome != layout::kAnswered) return outcome != layout::kUnmatched;
  memmove(memory_.slab + packed, message, length);
  row[layout::kAnswerOffset] = packed;
  row[layout::kAnswerLength] = length;
  answer.write(row);
  return true;
}

// The kernel knows that the upstream is unreachable. All queries that wait on this socket fail.
void UdpClient::fail_outstanding(Socket* socket) {
  const auto error = static_cast<uint32_t>(std::exchange(socket->error, 0));
  // Queries that JavaScript sends meanwhile use another socket.
  give_up(socket);
  const std::string from = local_address(socket->descriptor.get());
  uint32_t rows = 0;
  const auto deliver = [&] {
    memcpy(memory_.slab, from.data(), from.size());
    deliver_(std::exchange(rows, 0));
  };
  for (uint32_t handle = 0; handle < waiting_.size(); handle++) {
    if (waiting_.place(handle) != socket) continue;
    release(handle);
    uint32_t* row = memory_.answers + rows++ * layout::kAnswerWords;
    row[layout::kAnswerHandle] = handle;
    row[layout::kAnswerOutcome] = layout::kUnreachable;
    row[layout::kAnswerOffset] = 0;
    row[layout::kAnswerLength] = static_cast<uint32_t>(from.size());
    row[layout::kAnswerError] = error;
    if (rows == layout::kBatchSize) deliver();
  }
  if (rows > 0) deliver();
}

}  // namespace multisocket
