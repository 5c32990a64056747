#include "tcp/tcp_endpoint.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "net/descriptor_room.h"

namespace multisocket {
namespace {

constexpr int kMaxEvents = 256;
// Connections that are accepted in a turn of the loop, shared out among the sockets, and the least that a socket gets.
constexpr size_t kMaxAccepts = 16;
constexpr size_t kMinAccepts = 4;
// Milliseconds between attempts to accept again.
constexpr uint64_t kPause = 100;
// Milliseconds for which the limit of descriptors is known.
constexpr uint64_t kLimitAge = 1000;
// Marks the events of listening sockets. No slot of a connection has this number.
constexpr uint32_t kListeningMark = UINT32_MAX;

uv_handle_t* handle(uv_idle_t* idle) { return reinterpret_cast<uv_handle_t*>(idle); }
uv_handle_t* handle(uv_timer_t* timer) { return reinterpret_cast<uv_handle_t*>(timer); }

}  // namespace

TcpEndpoint::TcpEndpoint(uv_loop_t* loop, const TcpConnections::Memory& memory, const Options& options, Server server)
    : loop_(loop),
      row_(memory.counters + memory.worker_row),
      options_(options),
      server_(std::move(server)),
      connections_(memory, options.connections, this, [this](uint32_t count) {
        server_.serve(count);
        uv_update_time(loop_);  // a handler may have taken long
      }) {}

std::shared_ptr<TcpEndpoint> TcpEndpoint::open(uv_loop_t* loop, const TcpConnections::Memory& memory,
                                               const Options& options, Server server, int* error) {
  Descriptor epoll(epoll_create1(EPOLL_CLOEXEC));
  if (!epoll.valid()) {
    *error = uv_translate_sys_error(errno);
    return nullptr;
  }
  std::shared_ptr<TcpEndpoint> endpoint(new TcpEndpoint(loop, memory, options, std::move(server)));
  endpoint->begin(loop);
  uv_idle_init(loop, &endpoint->idle_);
  endpoint->adopt_handle(handle(&endpoint->idle_));
  uv_timer_init(loop, &endpoint->timer_);
  endpoint->adopt_handle(handle(&endpoint->timer_));
  endpoint->epoll_ = epoll.get();
  endpoint->polled_ = endpoint->PollEngine::watch(std::make_unique<PolledSocket>(std::move(epoll)), error);
  if (endpoint->polled_ != nullptr) *error = start_reading(endpoint->polled_);
  endpoint->update();
  if (*error == 0) return endpoint;
  endpoint->PollEngine::close([]() {});
  return nullptr;
}

int TcpEndpoint::add(Descriptor descriptor, std::unique_ptr<StreamListener> listener) {
  if (closing()) return UV_ECANCELED;
  // Accepted connections inherit it.
  const int on = 1;
  setsockopt(descriptor.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (listen(descriptor.get(), options_.backlog) != 0) return uv_translate_sys_error(errno);
  sockaddr_storage bound{};
  socklen_t size = sizeof bound;
  if (getsockname(descriptor.get(), reinterpret_cast<sockaddr*>(&bound), &size) == 0) listener->bound.set_local(bound);
  listener->bound.set_transport(Transport::kTcp);
  const uint32_t number = listener->number;
  if (listening_.count(number) > 0) return UV_EALREADY;
  Listening added = {std::move(descriptor), std::shared_ptr<const StreamListener>(std::move(listener))};
  if (paused_until_ == 0) {
    const int error = watch_listening(added, EPOLL_CTL_ADD);
    if (error != 0) return error;
  }
  listening_.emplace(number, std::move(added));
  update();
  return 0;
}

// Closing alone would not end the events: the socket is still open in other threads.
void TcpEndpoint::release(uint32_t number) {
  const auto found = listening_.find(number);
  if (found == listening_.end()) return;
  if (paused_until_ == 0) watch_listening(found->second, EPOLL_CTL_DEL);
  listening_.erase(found);
  update();
}

int TcpEndpoint::watch_listening(const Listening& listening, int operation) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = static_cast<uint64_t>(listening.listener->number) << 32 | kListeningMark;
  return epoll_ctl(epoll_, operation, listening.descriptor.get(), &event) == 0 ? 0 : uv_translate_sys_error(errno);
}

uint32_t TcpEndpoint::drain() {
  connections_.drain();
  draining_ = connections_.count() > 0;
  update();
  return connections_.count();
}

void TcpEndpoint::flush() {
  connections_.flush();
  update();
}

void TcpEndpoint::begin_stream(uint32_t connection) { connections_.begin_stream(connection); }

uint32_t TcpEndpoint::send_stream(uint32_t connection, const uint8_t* frames, uint32_t size) {
  const uint32_t waiting = connections_.send_stream(connection, frames, size);
  update();
  return waiting;
}

void TcpEndpoint::end_stream(uint32_t connection, bool cut) {
  connections_.end_stream(connection, cut);
  update();
}

void TcpEndpoint::set_ref(bool on) {
  ref_ = on;
  update();
}

void TcpEndpoint::close_sockets() {
  connections_.flush();
  connections_.close_all();
  listening_.clear();
  close_handle(handle(&idle_));
  close_handle(handle(&timer_));
  if (polled_ != nullptr) close_socket(std::exchange(polled_, nullptr));
}

void TcpEndpoint::turn() {
  if (!server_.able()) return;
  ready_.pop();
  poll_events();
  connections_.serve();
  if (closing()) return;
  // After the octets that have come by now are read: a message may be complete that was overdue.
  if (std::exchange(tick_due_, false)) connections_.tick();
  connections_.report_streams(server_.stream);
  if (closing()) return;
  if (paused_until_ != 0 && now() >= paused_until_) try_to_resume();
  if (draining_ && connections_.count() == 0) {
    draining_ = false;
    server_.drained();
    if (closing()) return;
  }
  update();
}

// Sends the replies of handlers that took longer than their batch.
void TcpEndpoint::before_wait() {
  if (connections_.has_replies()) flush();
}

void TcpEndpoint::poll_events() {
  epoll_event events[kMaxEvents];
  const int count = epoll_wait(epoll_, events, kMaxEvents, 0);
  for (int i = 0; i < count; i++) {
    const uint32_t flags = events[i].events;
    const uint64_t token = events[i].data.u64;
    if (static_cast<uint32_t>(token) != kListeningMark) {
      connections_.wake(token, {(flags & EPOLLIN) != 0, (flags & EPOLLOUT) != 0, (flags & (EPOLLRDHUP | EPOLLHUP)) != 0,
                                (flags & EPOLLERR) != 0});
    } else if (paused_until_ == 0) {
      const auto listening = listening_.find(static_cast<uint32_t>(token >> 32));
      if (listening != listening_.end()) accept_all(listening->second);
    }
  }
}

void TcpEndpoint::accept_all(const Listening& listening) {
  const size_t most = std::max(kMinAccepts, kMaxAccepts / listening_.size());
  for (size_t i = 0; i < most; i++) {
    sockaddr_storage client{};
    socklen_t size = sizeof client;
    const int descriptor =
        accept4(listening.descriptor.get(), reinterpret_cast<sockaddr*>(&client), &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (descriptor < 0) {
      if (errno == EAGAIN || errno == EWOULDBLOCK) return;
      if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
        count(layout::kTcpAcceptFailures);
        pause();
        return;
      }
      if (errno != EINVAL) continue;              // this connection has failed already (accept(2))
      watch_listening(listening, EPOLL_CTL_DEL);  // it listens no more
      return;
    }
    if (!connections_.open(descriptor, client, listening.listener)) {
      prepare_reset(descriptor);
      ::close(descriptor);
    } else if (reserved(descriptor)) {
      pause();
      return;
    }
  }
}

// Whether a new descriptor is one of the last ones. It has the lowest free number (dup(2)).
bool TcpEndpoint::reserved(int descriptor) {
  if (limit_read_at_ == 0 || now() - limit_read_at_ >= kLimitAge) {
    rlimit limit{};
    limit_read_at_ = now();
    descriptor_limit_ = getrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_cur : RLIM_INFINITY;
  }
  return static_cast<uint64_t>(descriptor) >=
         descriptor_limit_ - std::min<uint64_t>(options_.reserve, descriptor_limit_ / 4);
}

// Connections wait in the kernel meanwhile. Without a spare descriptor they could only be accepted to be closed.
void TcpEndpoint::pause() {
  paused_until_ = now() + kPause;
  count(layout::kTcpPaused);
  for (const auto& entry : listening_) watch_listening(entry.second, EPOLL_CTL_DEL);
  server_.paused();
}

void TcpEndpoint::try_to_resume() {
  if (!descriptor_room(epoll_, options_.reserve)) {
    paused_until_ = now() + kPause;
    return;
  }
  paused_until_ = 0;
  for (const auto& entry : listening_) {
    if (watch_listening(entry.second, EPOLL_CTL_ADD) == 0) continue;
    count(layout::kTcpAcceptFailures);
    pause();
    return;
  }
}

// Makes the loop take another turn without waiting for events.
void TcpEndpoint::keep_turning() {
  ready_.push(polled_);
  uv_idle_start(&idle_, [](uv_idle_t* /*idle*/) {});
}

// Brings the handles of libuv in line with the work that is left.
void TcpEndpoint::update() {
  if (closing() || polled_ == nullptr) return;
  PollEngine::set_ref(polled_, ref_ && (!listening_.empty() || connections_.count() > 0));
  const bool busy = connections_.busy() || (draining_ && connections_.count() == 0);
  if (busy) {
    keep_turning();
  } else {
    uv_idle_stop(&idle_);
  }
  if (connections_.count() == 0 && paused_until_ == 0) {
    uv_timer_stop(&timer_);
  } else if (uv_is_active(handle(&timer_)) == 0) {
    const auto tick = [](uv_timer_t* timer) {
      auto* endpoint = static_cast<TcpEndpoint*>(static_cast<PollEngine*>(timer->data));
      endpoint->tick_due_ = true;
      endpoint->keep_turning();
    };
    const uint64_t length = std::min<uint64_t>(connections_.tick_length(), kPause);
    uv_timer_start(&timer_, tick, length, length);
  }
}

}  // namespace multisocket
