#include "udp/udp_endpoint.h"

#include <fcntl.h>

#include <algorithm>
#include <mutex>
#include <unordered_set>
#include <utility>

namespace multisocket {
namespace {

// Batches in one turn of the loop, so that timers and streams get theirs under a flood.
constexpr unsigned kMaxBatches = 4;

// The endpoints of all threads. A thread that is blocked cannot give back what it has borrowed, so another one has to
// take it away; the mutex also guards which descriptors an endpoint has.
struct Endpoints {
  std::mutex mutex;
  std::unordered_set<UdpEndpoint*> all;
};

Endpoints& endpoints() {
  static Endpoints instance;
  return instance;
}

}  // namespace

UdpEndpoint::UdpEndpoint(const Memory& memory, Server server)
    : memory_(memory),
      server_(std::move(server)),
      batch_(memory.slab),
      admission_(memory.queries, memory.slab + layout::kTextOffset, layout::kTextOffset,
                 memory.counters + memory.worker_row, memory.edns) {}

UdpEndpoint::~UdpEndpoint() {
  const std::lock_guard<std::mutex> lock(endpoints().mutex);
  endpoints().all.erase(this);
}

void UdpEndpoint::abandon(const double* row) {
  // Not a socket: each call on it fails at once.
  const Descriptor nothing(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  if (!nothing.valid()) return;
  const std::lock_guard<std::mutex> lock(endpoints().mutex);
  for (UdpEndpoint* endpoint : endpoints().all) {
    if (endpoint->memory_.counters + endpoint->memory_.worker_row != row) continue;
    for (const Socket* socket : endpoint->sockets_) {
      if (socket != nullptr) dup2(nothing.get(), socket->descriptor.get());
    }
  }
}

std::shared_ptr<UdpEndpoint> UdpEndpoint::open(uv_loop_t* loop, const Memory& memory, Server server) {
  std::shared_ptr<UdpEndpoint> endpoint(new UdpEndpoint(memory, std::move(server)));
  {
    const std::lock_guard<std::mutex> lock(endpoints().mutex);
    endpoints().all.insert(endpoint.get());
  }
  uv_check_init(loop, &endpoint->check_);
  endpoint->check_.data = endpoint.get();
  uv_check_start(&endpoint->check_, on_turn);
  uv_unref(reinterpret_cast<uv_handle_t*>(&endpoint->check_));
  endpoint->open_handles_ = 1;
  endpoint->self_ = endpoint;
  return endpoint;
}

int UdpEndpoint::add(uint32_t number, Descriptor descriptor, uint32_t group, bool wildcard,
                     std::shared_ptr<const AnswerFront> front) {
  if (closing_) return UV_ECANCELED;
  if (notes_arrivals_ && DatagramBatch::note_arrivals(descriptor.get()) != 0) return uv_translate_sys_error(errno);
  if (find(number) != nullptr) return UV_EALREADY;
  auto socket = std::make_unique<Socket>();
  const int error = uv_poll_init(check_.loop, &socket->poll, descriptor.get());
  if (error != 0) return error;
  socket->poll.data = socket.get();
  socket->endpoint = this;
  socket->descriptor = std::move(descriptor);
  socket->number = number;
  socket->group = group;
  socket->wildcard = wildcard;
  socket->front = std::move(front);
  sockaddr_storage bound{};
  socklen_t size = sizeof bound;
  if (getsockname(socket->descriptor.get(), reinterpret_cast<sockaddr*>(&bound), &size) == 0) {
    socket->bound.set_local(bound);
  }
  open_handles_++;
  if (!ref_) uv_unref(reinterpret_cast<uv_handle_t*>(&socket->poll));
  if (groups_.size() <= number) groups_.resize(number + 1, 0);
  if (senders_.size() <= group) senders_.resize(group + 1, nullptr);
  {
    const std::lock_guard<std::mutex> lock(endpoints().mutex);
    if (sockets_.size() <= number) sockets_.resize(number + 1, nullptr);
    sockets_[number] = socket.release();
  }
  groups_[number] = group;
  choose_sender(group);
  const int started = start(number);
  if (started != 0) remove(number);
  return started;
}

void UdpEndpoint::drop_older_than(uint32_t milliseconds) {
  batch_.drop_older_than(milliseconds);
  notes_arrivals_ = milliseconds > 0;
}

int UdpEndpoint::start(uint32_t number) {
  Socket* socket = find(number);
  if (socket == nullptr) return UV_EBADF;
  socket->reading = true;
  return uv_poll_start(&socket->poll, UV_READABLE, on_readable);
}

void UdpEndpoint::stop(uint32_t number) {
  Socket* socket = find(number);
  if (socket == nullptr) return;
  uv_poll_stop(&socket->poll);
  socket->reading = false;
}

void UdpEndpoint::remove(uint32_t number) {
  Socket* socket = find(number);
  if (socket == nullptr) return;
  const std::lock_guard<std::mutex> lock(endpoints().mutex);
  sockets_[number] = nullptr;
  if (senders_[socket->group] == socket) choose_sender(socket->group);
  if (socket->ready) unlink(socket);
  // Closing the handle takes the descriptor out of the loop's epoll set at once; only then may it be closed.
  uv_close(reinterpret_cast<uv_handle_t*>(&socket->poll), [](uv_handle_t* handle) {
    std::unique_ptr<Socket> socket(static_cast<Socket*>(handle->data));
    socket->endpoint->handle_closed();
  });
  socket->descriptor.reset();
}

void UdpEndpoint::choose_sender(uint32_t group) {
  const auto sender = std::find_if(sockets_.begin(), sockets_.end(),
                                   [&](const Socket* socket) { return socket != nullptr && socket->group == group; });
  senders_[group] = sender == sockets_.end() ? nullptr : *sender;
}

void UdpEndpoint::set_ref(bool on) {
  ref_ = on;
  for (Socket* socket : sockets_) {
    if (socket == nullptr) continue;
    auto* handle = reinterpret_cast<uv_handle_t*>(&socket->poll);
    if (on) {
      uv_ref(handle);
    } else {
      uv_unref(handle);
    }
  }
}

void UdpEndpoint::close(std::function<void()> closed) {
  if (closing_) return;
  closing_ = true;
  closed_ = std::move(closed);
  for (uint32_t number = 0; number < sockets_.size(); number++) remove(number);
  uv_close(reinterpret_cast<uv_handle_t*>(&check_),
           [](uv_handle_t* handle) { static_cast<UdpEndpoint*>(handle->data)->handle_closed(); });
}

void UdpEndpoint::handle_closed() {
  if (--open_handles_ > 0) return;
  // The last one: nothing of libuv points here any more.
  const std::shared_ptr<UdpEndpoint> keep = std::move(self_);
  if (closed_) std::exchange(closed_, nullptr)();
}

void UdpEndpoint::on_readable(uv_poll_t* handle, int /*status*/, int /*events*/) {
  // Errors of the socket come out of the receive call, which clears them; so they count as readable.
  auto* socket = static_cast<Socket*>(handle->data);
  if (!socket->ready) socket->endpoint->enqueue(socket);
}

void UdpEndpoint::enqueue(Socket* socket) {
  socket->ready = true;
  socket->next = nullptr;
  (first_ready_ == nullptr ? first_ready_ : last_ready_->next) = socket;
  last_ready_ = socket;
}

void UdpEndpoint::dequeue() {
  first_ready_->ready = false;
  first_ready_ = first_ready_->next;
}

void UdpEndpoint::unlink(Socket* socket) {
  for (Socket* left = std::exchange(first_ready_, nullptr); left != nullptr;) {
    Socket* next = left->next;
    if (left != socket) enqueue(left);
    left = next;
  }
}

void UdpEndpoint::on_turn(uv_check_t* handle) {
  auto* endpoint = static_cast<UdpEndpoint*>(handle->data);
  if (endpoint->first_ready_ == nullptr) return;
  // What JavaScript does in a turn may close the endpoint.
  const std::shared_ptr<UdpEndpoint> keep = endpoint->shared_from_this();
  endpoint->turn();
}

void UdpEndpoint::turn() {
  for (unsigned batches = 0; batches < kMaxBatches && first_ready_ != nullptr && server_.able(); batches++) {
    const unsigned received = fill();
    if (received == 0) break;
    const uint32_t queries = admit(received);
    if (queries > 0) server_.serve(queries);
    flush();
  }
}

// Receives from the sockets that are ready until the slots are full. A batch takes from many sockets, so that 64 of
// them with a query each cost as little as one with 64.
unsigned UdpEndpoint::fill() {
  unsigned slots = 0;
  double* row = memory_.counters + memory_.worker_row;
  while (first_ready_ != nullptr && slots < layout::kBatchSize) {
    Socket* socket = first_ready_;
    dequeue();
    const unsigned room = layout::kBatchSize - slots;
    const unsigned received =
        socket->reading ? batch_.receive(socket->descriptor.get(), socket->number, socket->wildcard, slots) : 0;
    slots += received;
    if (received > 0) {
      double* socket_row = memory_.counters + socket->number * layout::kSocketRow;
      layout::count(socket_row + layout::kSocketQueries, received);
      layout::count(socket_row + layout::kSocketBatches);
    }
    if (received == room) enqueue(socket);  // more may wait there
  }
  if (slots > 0) {
    layout::count(row + layout::kReceived, slots);
    layout::count(row + layout::kBatches);
  }
  return slots;
}

// Fills the rows of what is for a handler and the outbox with what can be answered at once.
uint32_t UdpEndpoint::admit(unsigned received) {
  uint32_t queries = 0;
  admission_.begin();
  const bool guarded = admission_.guard() != nullptr;
  for (unsigned slot = 0; slot < received; slot++) {
    const uint32_t length = batch_.length(slot, memory_.counters + memory_.worker_row);
    if (length == 0) continue;
    const uint32_t offset = DatagramBatch::message_offset(slot);
    uint8_t* envelope = memory_.slab + DatagramBatch::envelope_offset(slot);
    const Socket* socket = find(layout::read_socket(envelope));
    const AnswerFront* front = socket == nullptr ? nullptr : socket->front.get();
    Admission::Exchange exchange = {front, {}, memory_.slab + offset, layout::kMaxDatagram};
    if (guarded || (front != nullptr && front->varies())) exchange.origin = QueryOrigin::of(origin_of(envelope));
    const Admission::Outcome outcome = admission_.admit(memory_.slab, offset, length, queries, &exchange);
    envelope[layout::kEnvelopeUnlimited] = exchange.unlimited;
    switch (outcome) {
      case Admission::kQuery:
        queries++;
        break;
      case Admission::kReply:
        reply(slot,
              exchange.length != 0 ? static_cast<uint32_t>(exchange.length)
                                   : memory_.queries[queries * layout::kQueryWords + layout::kLength],
              static_cast<uint32_t>(exchange.opt));
        break;
      case Admission::kDrop:
        break;
    }
  }
  return queries;
}

// Puts what now stands in a slot into the outbox.
void UdpEndpoint::reply(unsigned slot, uint32_t length, uint32_t opt) {
  uint32_t* entry = memory_.outbox + 1 + memory_.outbox[0]++ * layout::kOutboxEntryWords;
  entry[0] = DatagramBatch::envelope_offset(slot);
  entry[1] = DatagramBatch::message_offset(slot);
  entry[2] = length;
  entry[3] = opt;
}

// Who sent a message and to which of our addresses; of use until the next call.
const uint8_t* UdpEndpoint::origin_of(const uint8_t* envelope) {
  const Socket* socket = find(layout::read_socket(envelope));
  if (socket != nullptr) origin_ = socket->bound;
  const bool ipv6 = envelope[layout::kEnvelopeFamily] == 6;
  origin_.set_client(envelope + (ipv6 ? layout::kEnvelopeClientAddress6 : layout::kEnvelopeClientAddress4),
                     ipv6 ? 16 : 4);
  const uint8_t local = envelope[layout::kEnvelopeLocalFamily];
  if (local != 0) origin_.set_local(envelope + layout::kEnvelopeLocalAddress, local == 6 ? 16 : 4);
  return origin_.bytes();
}

// A socket with the address and port that the query of an outbox entry came to; null when all have been removed since.
// It is the group's first one, whichever the query came through: the last ones may be about to leave the group, and
// nothing can be sent through those.
UdpEndpoint::Socket* UdpEndpoint::sender_of(const uint32_t* entry) const {
  return senders_[groups_[layout::read_socket(memory_.slab + entry[0])]];
}

// Takes out of the outbox what its clients are not to get; returns how many entries are left.
uint32_t UdpEndpoint::limit(uint32_t count) {
  Guard* guard = admission_.guard();
  if (guard == nullptr || !guard->limits()) return count;
  const uint64_t now = RateLimiter::clock();
  uint32_t* entries = memory_.outbox + 1;
  uint32_t left = 0;
  for (uint32_t i = 0; i < count; i++) {
    uint32_t* entry = entries + i * layout::kOutboxEntryWords;
    const uint8_t* envelope = memory_.slab + entry[0];
    if (envelope[layout::kEnvelopeUnlimited] == 0) {
      size_t length = entry[2];
      const Guard::Fate fate = guard->send(origin_of(envelope), memory_.slab + entry[1], &length, entry[3], now,
                                           memory_.counters + memory_.worker_row);
      if (fate == Guard::Fate::kDrop) continue;
      entry[2] = static_cast<uint32_t>(length);
    }
    std::copy_n(entry, layout::kOutboxEntryWords, entries + left++ * layout::kOutboxEntryWords);
  }
  return left;
}

void UdpEndpoint::flush() {
  const uint32_t count = limit(std::exchange(memory_.outbox[0], 0));
  const uint32_t* entries = memory_.outbox + 1;
  double* row = memory_.counters + memory_.worker_row;
  for (uint32_t first = 0, last = 0; first < count; first = last) {
    const auto entry = [&](uint32_t index) { return entries + index * layout::kOutboxEntryWords; };
    const Socket* sender = sender_of(entry(first));
    DatagramBatch::Sent result;
    last = first + 1;
    if (sender == nullptr) {
      result.failed = 1;
    } else {
      for (; last < count; last++) {
        const Socket* next = sender_of(entry(last));
        if (next != sender) break;
      }
      result = batch_.send(sender->descriptor.get(), entry(first), last - first);
    }
    if (result.sent > 0) layout::count(row + layout::kSent, result.sent);
    if (result.segmented > 0) layout::count(row + layout::kSegmentedSends, result.segmented);
    if (result.failed > 0) layout::count(row + layout::kSendFailures, result.failed);
    if (result.retries > 0) layout::count(row + layout::kSendRetries, result.retries);
  }
}

}  // namespace multisocket
