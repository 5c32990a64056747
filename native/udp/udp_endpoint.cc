#include "udp/udp_endpoint.h"

#include <fcntl.h>

#include <algorithm>
#include <cstring>
#include <mutex>
#include <unordered_set>
#include <utility>

#include "message/proxied_envelope.h"
#include "udp/proxied_datagrams.h"

namespace multisocket {
namespace {

// Batches in one turn of the loop, so that timers and streams are served during a flood.
constexpr unsigned kMaxBatches = 4;

// The endpoints of all threads. A blocked thread cannot return borrowed sockets, so another thread takes them away. The
// mutex also guards the set of descriptors of an endpoint.
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
      receiver_(memory.slab),
      sender_(memory.slab),
      admission_(memory.queries, memory.slab + layout::kTextOffset, layout::kTextOffset,
                 memory.counters + memory.worker_row, memory.edns) {}

UdpEndpoint::~UdpEndpoint() {
  const std::lock_guard<std::mutex> lock(endpoints().mutex);
  endpoints().all.erase(this);
}

void UdpEndpoint::abandon(const double* row) {
  // /dev/null is not a socket: each socket call on it fails at once.
  const Descriptor nothing(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  if (!nothing.valid()) return;
  const std::lock_guard<std::mutex> lock(endpoints().mutex);
  for (const UdpEndpoint* endpoint : endpoints().all) {
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
  endpoint->begin(loop);
  return endpoint;
}

int UdpEndpoint::add(uint32_t number, Descriptor descriptor, uint32_t group, bool wildcard,
                     std::shared_ptr<const AnswerFront> front) {
  if (notes_arrivals_ && DatagramReceiver::note_arrivals(descriptor.get()) != 0) return uv_translate_sys_error(errno);
  if (find(number) != nullptr) return UV_EALREADY;
  int error = 0;
  Socket* socket = watch(std::make_unique<Socket>(std::move(descriptor)), &error);
  if (socket == nullptr) return error;
  socket->number = number;
  socket->group = group;
  socket->wildcard = wildcard;
  socket->front = std::move(front);
  sockaddr_storage bound{};
  socklen_t size = sizeof bound;
  if (getsockname(socket->descriptor.get(), reinterpret_cast<sockaddr*>(&bound), &size) == 0) {
    socket->bound.set_local(bound);
  }
  if (!ref_) PollEngine::set_ref(socket, false);
  if (groups_.size() <= number) groups_.resize(number + 1, 0);
  if (senders_.size() <= group) senders_.resize(group + 1, nullptr);
  {
    const std::lock_guard<std::mutex> lock(endpoints().mutex);
    if (sockets_.size() <= number) sockets_.resize(number + 1, nullptr);
    sockets_[number] = socket;
  }
  groups_[number] = group;
  choose_sender(group);
  const int started = start(number);
  if (started != 0) remove(number);
  return started;
}

void UdpEndpoint::believe(uint32_t number, std::shared_ptr<const ProxyProtocol> proxy) {
  Socket* socket = find(number);
  if (socket != nullptr) socket->proxy = std::move(proxy);
}

void UdpEndpoint::drop_older_than(uint32_t milliseconds) {
  receiver_.drop_older_than(milliseconds);
  notes_arrivals_ = milliseconds > 0;
}

int UdpEndpoint::start(uint32_t number) {
  Socket* socket = find(number);
  if (socket == nullptr) return UV_EBADF;
  socket->reading = true;
  return start_reading(socket);
}

void UdpEndpoint::stop(uint32_t number) {
  Socket* socket = find(number);
  if (socket == nullptr) return;
  stop_reading(socket);
  socket->reading = false;
}

void UdpEndpoint::remove(uint32_t number) {
  Socket* socket = find(number);
  if (socket == nullptr) return;
  const std::lock_guard<std::mutex> lock(endpoints().mutex);
  sockets_[number] = nullptr;
  if (senders_[socket->group] == socket) choose_sender(socket->group);
  close_socket(socket);
}

void UdpEndpoint::choose_sender(uint32_t group) {
  const auto sender = std::find_if(sockets_.begin(), sockets_.end(),
                                   [&](const Socket* socket) { return socket != nullptr && socket->group == group; });
  senders_[group] = sender == sockets_.end() ? nullptr : *sender;
}

void UdpEndpoint::set_ref(bool on) {
  ref_ = on;
  for (Socket* socket : sockets_) {
    if (socket != nullptr) PollEngine::set_ref(socket, on);
  }
}

void UdpEndpoint::close_sockets() {
  flush();
  for (uint32_t number = 0; number < sockets_.size(); number++) remove(number);
}

void UdpEndpoint::turn() {
  for (unsigned batches = 0; batches < kMaxBatches && !ready_.empty() && server_.able(); batches++) {
    const unsigned received = fill();
    if (received == 0) break;
    if (received > 1 && !proxied()) prefetch(received);
    const uint32_t queries = admit(received);
    if (queries > 0) server_.serve(queries);
    flush();
  }
}

// Sends the replies of handlers that took longer than their batch.
void UdpEndpoint::before_wait() {
  if (memory_.outbox[0] > 0) flush();
}

// Receives from the ready sockets until the slots are full. A batch takes from many sockets, so that 64 sockets with
// one query each cost as little as one socket with 64.
unsigned UdpEndpoint::fill() {
  unsigned slots = 0;
  double* row = memory_.counters + memory_.worker_row;
  while (!ready_.empty() && slots < layout::kBatchSize) {
    auto* socket = static_cast<Socket*>(ready_.pop());
    const unsigned room = layout::kBatchSize - slots;
    const unsigned received =
        socket->reading ? receiver_.receive(socket->descriptor.get(), socket->number, socket->wildcard, slots) : 0;
    slots += received;
    if (received > 0) {
      double* socket_row = memory_.counters + socket->number * layout::kSocketRow;
      layout::count(socket_row + layout::kSocketQueries, received);
      layout::count(socket_row + layout::kSocketBatches);
    }
    if (received == room) ready_.push(socket);  // more datagrams may wait there
  }
  if (slots > 0) {
    layout::count(row + layout::kReceived, slots);
    layout::count(row + layout::kBatches);
  }
  return slots;
}

// Fetches what answers from large zones read, for all messages at once. Admission examines them later.
void UdpEndpoint::prefetch(unsigned received) {
  for (unsigned slot = 0; slot < received; slot++) {
    const uint8_t* envelope = memory_.slab + DatagramReceiver::envelope_offset(slot);
    const Socket* socket = find(layout::read_socket(envelope));
    const ZoneTable* zones = socket == nullptr || socket->front == nullptr ? nullptr : socket->front->zones();
    if (zones == nullptr) continue;
    prefetch_.add(*zones, envelope + memory_.envelope_size, layout::kSlotStride - memory_.envelope_size);
  }
  prefetch_.fetch();
}

// Fills rows with the queries for the handler, and the outbox with immediate replies.
uint32_t UdpEndpoint::admit(unsigned received) {
  uint32_t queries = 0;
  admission_.begin();
  const ReadSection section = admission_.section();
  const bool guarded = admission_.guard() != nullptr;
  const bool proxied = this->proxied();
  for (unsigned slot = 0; slot < received; slot++) {
    uint32_t length = receiver_.length(slot, memory_.counters + memory_.worker_row);
    if (length == 0) continue;
    uint8_t* envelope = memory_.slab + DatagramReceiver::envelope_offset(slot);
    if (proxied && !unwrap(envelope, &length)) continue;
    const uint32_t offset = DatagramReceiver::envelope_offset(slot) + memory_.envelope_size;
    const Socket* socket = find(layout::read_socket(envelope));
    const AnswerFront* front = socket == nullptr ? nullptr : socket->front.get();
    Admission::Exchange exchange = {front, {}, memory_.slab + offset, layout::kSlotStride - memory_.envelope_size};
    if (guarded || (front != nullptr && front->needs_addresses()))
      exchange.origin = QueryOrigin::of(origin_of(envelope));
    const layout::RowVerdict verdict = admission_.admit(section, memory_.slab, offset, length, queries, &exchange);
    envelope[layout::kEnvelopeUnlimited] = exchange.unlimited;
    switch (verdict) {
      case layout::kVerdictQuery:
        queries++;
        break;
      case layout::kVerdictReply:
        reply(slot,
              exchange.length != 0 ? static_cast<uint32_t>(exchange.length)
                                   : memory_.queries[queries * layout::kQueryWords + layout::kLength],
              static_cast<uint32_t>(exchange.opt));
        break;
      case layout::kVerdictDrop:
        break;
    }
  }
  return queries;
}

// Reads the proxy's header of a datagram. Returns false if the datagram is to be dropped.
bool UdpEndpoint::unwrap(uint8_t* envelope, uint32_t* length) {
  const Socket* socket = find(layout::read_socket(envelope));
  const ProxyProtocol* proxy = socket == nullptr ? nullptr : socket->proxy.get();
  const bool taken = unwrap_datagram(proxy, path_of(envelope).bytes(), envelope, length);
  if (!taken) layout::count(memory_.counters + memory_.worker_row + layout::kProxyRefused);
  return taken;
}

// Puts the reply in a slot into the outbox.
void UdpEndpoint::reply(unsigned slot, uint32_t length, uint32_t opt) {
  uint32_t* entry = memory_.outbox + 1 + memory_.outbox[0]++ * layout::kOutboxEntryWords;
  entry[layout::kOutEnvelope] = DatagramReceiver::envelope_offset(slot);
  entry[layout::kOutMessage] = DatagramReceiver::envelope_offset(slot) + memory_.envelope_size;
  entry[layout::kOutLength] = length;
  entry[layout::kOutOpt] = opt;
}

// Returns the client's address and the queried address of a message. The result is valid until the next call.
const uint8_t* UdpEndpoint::origin_of(const uint8_t* envelope) {
  QueryOrigin& origin = path_of(envelope);
  if (proxied()) read_ends(envelope, &origin);
  return origin.bytes();
}

// The same by the addresses of the datagram itself.
QueryOrigin& UdpEndpoint::path_of(const uint8_t* envelope) {
  const Socket* socket = find(layout::read_socket(envelope));
  if (socket != nullptr) origin_ = socket->bound;
  const bool ipv6 = envelope[layout::kEnvelopeFamily] == 6;
  origin_.set_client(envelope + (ipv6 ? layout::kEnvelopeClientAddress6 : layout::kEnvelopeClientAddress4),
                     ipv6 ? 16 : 4);
  uint16_t port;
  memcpy(&port, envelope + layout::kEnvelopeClientPort, sizeof port);
  origin_.set_client_port(port);
  const uint8_t local = envelope[layout::kEnvelopeLocalFamily];
  if (local != 0) origin_.set_local(envelope + layout::kEnvelopeLocalAddress, local == 6 ? 16 : 4);
  return origin_;
}

}  // namespace multisocket
