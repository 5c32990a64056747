// The base of what reads sockets on a worker's event loop.
#ifndef MULTISOCKET_LOOP_POLL_ENGINE_H_
#define MULTISOCKET_LOOP_POLL_ENGINE_H_

#include <uv.h>

#include <functional>
#include <memory>

#include "loop/ready_queue.h"
#include "net/descriptor.h"

namespace multisocket {

class PollEngine;

// A socket that an engine polls. Once it is watched, it lives until libuv has called its close callback.
struct PolledSocket {
  explicit PolledSocket(Descriptor owned) : descriptor(std::move(owned)) {}
  virtual ~PolledSocket() = default;
  PolledSocket(const PolledSocket&) = delete;
  PolledSocket& operator=(const PolledSocket&) = delete;

  Descriptor descriptor;
  uv_poll_t poll{};
  PollEngine* engine = nullptr;
  bool ready = false;  // stands in the ready queue
  PolledSocket* next = nullptr;
};

// Polls sockets and calls `turn` once in each turn of the loop in which one of them can be read. The engine keeps
// itself alive while libuv holds one of its handles.
class PollEngine : public std::enable_shared_from_this<PollEngine> {
 public:
  virtual ~PollEngine() = default;
  PollEngine(const PollEngine&) = delete;
  PollEngine& operator=(const PollEngine&) = delete;

  // Stops and closes all. Calls `closed` once libuv has let go of the last handle. Does nothing the second time.
  void close(std::function<void()> closed);

 protected:
  PollEngine() = default;

  // Serves what is ready. Called after the loop has polled.
  virtual void turn() = 0;
  // Closes every socket that is still watched.
  virtual void close_sockets() = 0;

  // Begins to work on `loop`. The engine alone does not keep the loop alive.
  void begin(uv_loop_t* loop);
  // Takes over a socket, not yet reading. Returns it, or null with a libuv error in `error`.
  template <class Socket>
  Socket* watch(std::unique_ptr<Socket> socket, int* error) {
    *error = adopt(socket.get());
    return *error == 0 ? socket.release() : nullptr;
  }
  // Starts to read; returns 0 or a libuv error.
  static int start_reading(PolledSocket* socket);
  static void stop_reading(PolledSocket* socket);
  // Whether the socket keeps the loop alive.
  static void set_ref(PolledSocket* socket, bool on);
  // Closes a watched socket and its descriptor.
  void close_socket(PolledSocket* socket);

  uv_loop_t* loop() const { return check_.loop; }
  bool closing() const { return closing_; }

  // The sockets that can be read. One that has more than was taken from it is pushed again, to the end, and what is
  // left after a turn comes first in the next, so that a flooded socket keeps none of the others waiting.
  ReadyQueue<PolledSocket> ready_;

 private:
  int adopt(PolledSocket* socket);
  void handle_closed();

  uv_check_t check_{};
  bool closing_ = false;
  unsigned open_handles_ = 0;
  std::function<void()> closed_;
  std::shared_ptr<PollEngine> self_;  // while libuv holds a handle of this engine
};

}  // namespace multisocket

#endif  // MULTISOCKET_LOOP_POLL_ENGINE_H_
