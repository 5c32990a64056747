#include "upstream/udp_client.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <random>
#include <utility>

#include "message/wire.h"
#include "upstream/upstream_answer.h"

namespace multisocket {
namespace {

// Batches of one socket in one turn of the loop, so that what else waits there gets its turn under a flood.
constexpr unsigned kMaxBatches = 4;

// A port is used for at most so long and so many queries, each chosen between this and twice this, so that what
// somebody found out about it is soon of no use. Opening a socket costs as much as a few queries.
constexpr unsigned kMinUses = 4096;
constexpr uint64_t kMinLife = 10'000;  // ms

// Room for the answers to a burst.
constexpr int kReceiveBuffer = 1 << 20;

constexpr size_t kHeaderSize = 12;
constexpr uint16_t kQr = 0x8000;
constexpr uint16_t kOpcode = 0x7800;
constexpr uint16_t kTc = 0x0200;

SipKey random_key() {
  std::random_device source;
  const auto word = [&] { return static_cast<uint64_t>(source()) << 32 | source(); };
  return {word(), word()};
}

bool would_block(int error) { return error == EAGAIN || error == EWOULDBLOCK; }

bool no_room(int error) { return would_block(error) || error == ENOBUFS || error == ENOMEM; }

}  // namespace

UdpClient::UdpClient(const Memory& memory, Deliver deliver)
    : memory_(memory),
      deliver_(std::move(deliver)),
      id_key_(random_key()),
      question_key_(random_key()),
      handle_of_(1 << 16, 0) {
  for (unsigned i = 0; i < layout::kBatchSize; i++) {
    parts_[i] = {memory_.slab + i * layout::kSlotStride, layout::kMaxDatagram};
    datagrams_[i].header = {};
    datagrams_[i].header.msg_iov = &parts_[i];
    datagrams_[i].header.msg_iovlen = 1;
    sending_[i].header = {};
    sending_[i].header.msg_iov = &sending_parts_[i];
    sending_[i].header.msg_iovlen = 1;
  }
}

std::shared_ptr<UdpClient> UdpClient::open(uv_loop_t* loop, const Memory& memory, Deliver deliver) {
  std::shared_ptr<UdpClient> client(new UdpClient(memory, std::move(deliver)));
  uv_check_init(loop, &client->check_);
  client->check_.data = client.get();
  uv_check_start(&client->check_, on_turn);
  uv_unref(reinterpret_cast<uv_handle_t*>(&client->check_));
  client->open_handles_ = 1;
  client->self_ = client;
  return client;
}

void UdpClient::add(const sockaddr_storage& address, socklen_t length) {
  Upstream upstream{address, length, {}};
  upstreams_.push_back(upstream);
}

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

void UdpClient::send(Upstream* upstream, uint32_t* const* entries, unsigned count) {
  Socket* socket = closing_ ? nullptr : sender(upstream, count);
  if (socket == nullptr) {
    for (unsigned i = 0; i < count; i++) entries[i][layout::kAskHandle] = layout::kUnsent;
    return;
  }
  for (unsigned i = 0; i < count; i++) {
    register_query(entries[i], socket);
    sending_parts_[i] = {memory_.slab + entries[i][layout::kAskOffset], entries[i][layout::kAskLength]};
  }
  unsigned done = 0;
  bool asked_again = false;
  while (done < count) {
    const int taken = send_datagrams(socket->descriptor.get(), &sending_[done], count - done);
    if (taken > 0) {
      done += taken;
      counters_.sent += taken;
      asked_again = false;
      continue;
    }
    if (errno == EINTR) continue;
    // An ICMP error that an earlier datagram brought about is told here, once, in place of sending.
    if (!no_room(errno) && !asked_again) {
      asked_again = true;
      socket->unreachable = true;
      if (!socket->ready) enqueue(socket);
      continue;
    }
    // No waiting for room: a query that is lost here is one that is asked again, as others that get lost.
    asked_again = false;
    forget(entries[done][layout::kAskHandle]);
    entries[done][layout::kAskHandle] = layout::kUnsent;
    done++;
  }
}

void UdpClient::register_query(const uint32_t* entry, Socket* socket) {
  uint8_t* message = memory_.slab + entry[layout::kAskOffset];
  const uint32_t handle = entry[layout::kAskHandle];
  if (handle >= outstanding_.size()) outstanding_.resize(std::max<size_t>(handle + 1, 2 * outstanding_.size()));
  Outstanding& query = outstanding_[handle];
  query.id = free_id();
  query.question_end = static_cast<uint16_t>(entry[layout::kAskQuestionEnd]);
  query.question = hash_question(message, query.question_end);
  query.socket = socket;
  socket->outstanding++;
  handle_of_[query.id] = static_cast<uint16_t>(handle + 1);
  write16(message, query.id);
}

void UdpClient::forget(uint32_t handle) {
  if (handle >= outstanding_.size() || outstanding_[handle].socket == nullptr) return;
  Outstanding& query = outstanding_[handle];
  handle_of_[query.id] = 0;
  Socket* socket = std::exchange(query.socket, nullptr);
  socket->outstanding--;
  if (socket->retired && socket->outstanding == 0) close_socket(socket);
}

uint16_t UdpClient::free_id() {
  for (;;) {
    for (uint64_t bits = random(); bits != 0; bits >>= 16) {
      const auto id = static_cast<uint16_t>(bits);
      if (handle_of_[id] == 0) return id;
    }
  }
}

uint64_t UdpClient::random() {
  const uint64_t count = random_count_++;
  uint8_t bytes[sizeof count];
  memcpy(bytes, &count, sizeof count);
  return siphash<2, 4>(id_key_, bytes, sizeof bytes);
}

uint64_t UdpClient::hash_question(const uint8_t* message, uint32_t end) const {
  return siphash<1, 3>(question_key_, message + kHeaderSize, end - kHeaderSize);
}

// One of the upstream's sockets, chosen at random; null where none can be opened.
UdpClient::Socket* UdpClient::sender(Upstream* upstream, unsigned count) {
  Socket*& socket = upstream->sockets[random() % kSockets];
  if (socket != nullptr && (socket->uses_left < count || uv_now(check_.loop) >= socket->retire_at)) retire(&socket);
  if (socket == nullptr) socket = open_socket(*upstream);
  if (socket != nullptr) socket->uses_left -= count;
  return socket;
}

UdpClient::Socket* UdpClient::open_socket(const Upstream& upstream) {
  Descriptor descriptor(::socket(upstream.address.ss_family, SOCK_DGRAM, 0));
  if (!descriptor.valid()) return nullptr;
  fcntl(descriptor.get(), F_SETFD, FD_CLOEXEC);
  fcntl(descriptor.get(), F_SETFL, O_NONBLOCK);
  setsockopt(descriptor.get(), SOL_SOCKET, SO_RCVBUF, &kReceiveBuffer, sizeof kReceiveBuffer);
  // Without a bind before it the kernel chooses the port, at random (RFC 6056).
  if (connect(descriptor.get(), reinterpret_cast<const sockaddr*>(&upstream.address), upstream.address_length) != 0) {
    return nullptr;
  }
  auto socket = std::make_unique<Socket>();
  if (uv_poll_init(check_.loop, &socket->poll, descriptor.get()) != 0) return nullptr;
  open_handles_++;
  socket->poll.data = socket.get();
  socket->client = this;
  socket->descriptor = std::move(descriptor);
  socket->uses_left = kMinUses + random() % kMinUses;
  socket->retire_at = uv_now(check_.loop) + kMinLife + random() % kMinLife;
  uv_unref(reinterpret_cast<uv_handle_t*>(&socket->poll));
  if (uv_poll_start(&socket->poll, UV_READABLE, on_readable) != 0) {
    close_socket(socket.release());
    return nullptr;
  }
  return socket.release();
}

// Takes a socket out of use; it stays open for what is still waited for.
void UdpClient::retire(Socket** place) {
  Socket* socket = std::exchange(*place, nullptr);
  socket->retired = true;
  if (socket->outstanding == 0) close_socket(socket);
}

void UdpClient::close_socket(Socket* socket) {
  if (socket->ready) unlink(socket);
  // Closing the handle takes the descriptor out of the loop's epoll set at once; only then may it be closed.
  uv_close(reinterpret_cast<uv_handle_t*>(&socket->poll), [](uv_handle_t* handle) {
    std::unique_ptr<Socket> socket(static_cast<Socket*>(handle->data));
    socket->client->handle_closed();
  });
  socket->descriptor.reset();
}

void UdpClient::close(std::function<void()> closed) {
  if (closing_) return;
  closing_ = true;
  closed_ = std::move(closed);
  for (Upstream& upstream : upstreams_) {
    for (Socket*& socket : upstream.sockets) {
      if (socket != nullptr) retire(&socket);
    }
  }
  for (uint32_t handle = 0; handle < outstanding_.size(); handle++) forget(handle);
  uv_close(reinterpret_cast<uv_handle_t*>(&check_),
           [](uv_handle_t* handle) { static_cast<UdpClient*>(handle->data)->handle_closed(); });
}

void UdpClient::handle_closed() {
  if (--open_handles_ > 0) return;
  // The last one: nothing of libuv points here any more.
  const std::shared_ptr<UdpClient> keep = std::move(self_);
  if (closed_) std::exchange(closed_, nullptr)();
}

void UdpClient::on_readable(uv_poll_t* handle, int /*status*/, int /*events*/) {
  // Errors of the socket come out of the receive call, which clears them; so they count as readable.
  auto* socket = static_cast<Socket*>(handle->data);
  if (!socket->ready) socket->client->enqueue(socket);
}

void UdpClient::enqueue(Socket* socket) {
  socket->ready = true;
  socket->next = nullptr;
  (first_ready_ == nullptr ? first_ready_ : last_ready_->next) = socket;
  last_ready_ = socket;
}

void UdpClient::unlink(Socket* socket) {
  socket->ready = false;
  for (Socket* left = std::exchange(first_ready_, nullptr); left != nullptr;) {
    Socket* next = left->next;
    if (left != socket) enqueue(left);
    left = next;
  }
}

void UdpClient::on_turn(uv_check_t* handle) {
  auto* client = static_cast<UdpClient*>(handle->data);
  if (client->first_ready_ == nullptr) return;
  // What JavaScript does in a turn may close the client.
  const std::shared_ptr<UdpClient> keep = client->shared_from_this();
  client->turn();
}

// A batch at a time from each socket that is ready. What is left is readable in the next turn, too.
void UdpClient::turn() {
  for (unsigned batches = 0; batches < kMaxBatches && first_ready_ != nullptr; batches++) {
    Socket* socket = first_ready_;
    first_ready_ = socket->next;
    socket->ready = false;
    // Not to be closed by what JavaScript forgets meanwhile.
    socket->outstanding++;
    const bool more = receive(socket);
    if (socket->unreachable) fail_outstanding(socket);
    socket->outstanding--;
    if (socket->retired && socket->outstanding == 0) {
      close_socket(socket);
    } else if (more && !socket->ready) {
      enqueue(socket);
    }
  }
}

// Returns whether more may wait.
bool UdpClient::receive(Socket* socket) {
  for (Datagram& datagram : datagrams_) datagram.header.msg_flags = 0;
  const int count = receive_datagrams(socket->descriptor.get(), datagrams_.data(), layout::kBatchSize);
  if (count < 0) {
    if (errno == EINTR) return true;
    if (would_block(errno)) return false;
    socket->unreachable = true;
    return true;
  }
  counters_.received += count;
  const uint32_t rows = match(socket, count);
  counters_.unmatched += count - rows;
  if (rows > 0) deliver_(rows);
  return count == static_cast<int>(layout::kBatchSize);
}

// Fills rows for what answers a query of this socket, and packs those messages at the slab's beginning.
uint32_t UdpClient::match(const Socket* socket, unsigned received) {
  uint32_t rows = 0;
  uint32_t packed = 0;
  for (unsigned i = 0; i < received; i++) {
    const uint8_t* message = memory_.slab + i * layout::kSlotStride;
    const uint32_t length = datagrams_[i].length;
    if (length < kHeaderSize || read16(message + 4) != 1) continue;
    const uint16_t flags = read16(message + 2);
    if ((flags & kQr) == 0 || (flags & kOpcode) != 0) continue;
    const uint16_t handle_and_one = handle_of_[read16(message)];
    if (handle_and_one == 0) continue;
    const uint32_t handle = handle_and_one - 1U;
    const Outstanding& query = outstanding_[handle];
    if (query.socket != socket || length < query.question_end) continue;
    if (hash_question(message, query.question_end) != query.question) continue;
    uint32_t* row = memory_.answers + rows++ * layout::kAnswerWords;
    row[layout::kAnswerHandle] = handle;
    UpstreamAnswer answer;
    if ((flags & kTc) != 0 || (datagrams_[i].header.msg_flags & MSG_TRUNC) != 0) {
      row[layout::kAnswerOutcome] = layout::kTruncated;
    } else if (!read_answer(message, length, query.question_end, &answer)) {
      row[layout::kAnswerOutcome] = layout::kMalformed;
    } else {
      memmove(memory_.slab + packed, message, length);
      row[layout::kAnswerOutcome] = layout::kAnswered;
      row[layout::kAnswerOffset] = packed;
      row[layout::kAnswerLength] = length;
      row[layout::kAnswerQuestionEnd] = query.question_end;
      row[layout::kAnswerRecordsEnd] = answer.records_end;
      row[layout::kAnswerFlagsAndRcode] = static_cast<uint32_t>(answer.flags) << 16 | answer.rcode;
      row[layout::kAnswerAnswers] = answer.answers;
      row[layout::kAnswerAuthorities] = answer.authorities;
      row[layout::kAnswerAdditionals] = answer.additionals;
      row[layout::kAnswerOptionsOffset] = answer.options_offset;
      row[layout::kAnswerOptionsLength] = answer.options_length;
      packed += length;
    }
    forget(handle);
  }
  return rows;
}

// The kernel has learnt that nobody is there: all who wait at this socket need not wait longer.
void UdpClient::fail_outstanding(Socket* socket) {
  socket->unreachable = false;
  // What JavaScript asks meanwhile goes through another socket.
  for (Upstream& upstream : upstreams_) {
    for (Socket*& place : upstream.sockets) {
      if (place == socket) retire(&place);
    }
  }
  uint32_t rows = 0;
  for (uint32_t handle = 0; handle < outstanding_.size(); handle++) {
    if (outstanding_[handle].socket != socket) continue;
    forget(handle);
    uint32_t* row = memory_.answers + rows++ * layout::kAnswerWords;
    row[layout::kAnswerHandle] = handle;
    row[layout::kAnswerOutcome] = layout::kUnreachable;
    if (rows == layout::kBatchSize) deliver_(std::exchange(rows, 0));
  }
  if (rows > 0) deliver_(rows);
}

}  // namespace multisocket
