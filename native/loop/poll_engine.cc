#include "loop/poll_engine.h"

#include <utility>

namespace multisocket {

void PollEngine::begin(uv_loop_t* loop) {
  uv_check_init(loop, &check_);
  check_.data = this;
  uv_check_start(&check_, [](uv_check_t* handle) {
    auto* engine = static_cast<PollEngine*>(handle->data);
    if (engine->ready_.empty()) return;
    // JavaScript may close the engine during a turn.
    const std::shared_ptr<PollEngine> keep = engine->shared_from_this();
    engine->turn();
  });
  uv_unref(reinterpret_cast<uv_handle_t*>(&check_));
  uv_prepare_init(loop, &prepare_);
  prepare_.data = this;
  uv_prepare_start(&prepare_, [](uv_prepare_t* handle) {
    auto* engine = static_cast<PollEngine*>(handle->data);
    if (!engine->closing_) engine->before_wait();
  });
  uv_unref(reinterpret_cast<uv_handle_t*>(&prepare_));
  open_handles_ = 2;
  self_ = shared_from_this();
}

int PollEngine::adopt(PolledSocket* socket) {
  if (closing_) return UV_ECANCELED;
  const int error = uv_poll_init(check_.loop, &socket->poll, socket->descriptor.get());
  if (error != 0) return error;
  socket->poll.data = socket;
  socket->engine = this;
  open_handles_++;
  return 0;
}

int PollEngine::start_reading(PolledSocket* socket) {
  return uv_poll_start(&socket->poll, UV_READABLE, [](uv_poll_t* handle, int /*status*/, int /*events*/) {
    // A socket with an error counts as readable. The receive call reports the error and clears it.
    auto* readable = static_cast<PolledSocket*>(handle->data);
    readable->engine->ready_.push(readable);
  });
}

void PollEngine::stop_reading(PolledSocket* socket) { uv_poll_stop(&socket->poll); }

void PollEngine::set_ref(PolledSocket* socket, bool on) {
  auto* handle = reinterpret_cast<uv_handle_t*>(&socket->poll);
  if (on) {
    uv_ref(handle);
  } else {
    uv_unref(handle);
  }
}

void PollEngine::close_socket(PolledSocket* socket) {
  ready_.remove(socket);
  // Closing the handle removes the descriptor from the loop's epoll set at once. The descriptor may be closed only
  // after that.
  uv_close(reinterpret_cast<uv_handle_t*>(&socket->poll), [](uv_handle_t* handle) {
    const std::unique_ptr<PolledSocket> closed(static_cast<PolledSocket*>(handle->data));
    closed->engine->handle_closed();
  });
  socket->descriptor.reset();
}

void PollEngine::adopt_handle(uv_handle_t* handle) {
  handle->data = this;
  uv_unref(handle);
  open_handles_++;
}

void PollEngine::close_handle(uv_handle_t* handle) {
  uv_close(handle, [](uv_handle_t* closed) { static_cast<PollEngine*>(closed->data)->handle_closed(); });
}

void PollEngine::close(std::function<void()> closed) {
  if (closing_) return;
  closing_ = true;
  closed_ = std::move(closed);
  close_sockets();
  close_handle(reinterpret_cast<uv_handle_t*>(&check_));
  close_handle(reinterpret_cast<uv_handle_t*>(&prepare_));
}

void PollEngine::handle_closed() {
  if (--open_handles_ > 0) return;
  // This is the last handle. libuv has no pointer to the engine any more.
  const std::shared_ptr<PollEngine> keep = std::move(self_);
  if (closed_) std::exchange(closed_, nullptr)();
}

}  // namespace multisocket
