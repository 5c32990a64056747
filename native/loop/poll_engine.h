// The base class of engines that read sockets on a worker's event loop.
#ifndef MULTISOCKET_LOOP_POLL_ENGINE_H_
#define MULTISOCKET_LOOP_POLL_ENGINE_H_

#include <uv.h>

#include <functional>
#include <memory>

#include "loop/ready_queue.h"
#include "net/descriptor.h"

namespace multisocket {

class PollEngine;

// A socket that an engine polls. From the start of polling, it exists until libuv has called its close callback.
struct PolledSocket {
  explicit PolledSocket(Descriptor owned) : descriptor(std::move(owned)) {}
  virtual ~PolledSocket() = default;
  PolledSocket(const PolledSocket&) = delete;
  PolledSocket& operator=(const PolledSocket&) = delete;

  Descriptor descriptor;
  uv_poll_t poll{};
  PollEngine* engine = nullptr;
  bool ready = false;  // is in the ready queue
  PolledSocket* next = nullptr;
};

// An engine that polls sockets. It calls `turn` once in each turn of the loop in which a socket is readable. It keeps
// itself alive while libuv has one of its handles.
class PollEngine : public std::enable_shared_from_this<PollEngine> {
 public:
  virtual ~PollEngine() = default;
  PollEngine(const PollEngine&) = delete;
  PollEngine& operator=(const PollEngine&) = delete;

  // Closes all handles. Calls `closed` when libuv has released the last one. A second call does nothing.
  void close(std::function<void()> closed);

 protected:
  PollEngine() = default;

  // Serves the ready sockets. Called after the loop has polled.
  virtual void turn() = 0;
  // Called before the loop waits for events: what JavaScript has left since the last turn can be sent.
  virtual void before_wait() {}
  // Closes every socket that is still watched.
  virtual void close_sockets() = 0;

  // Starts to work on `loop`. The engine itself does not keep the loop alive.
  void begin(uv_loop_t* loop);
  // Takes ownership of a socket and does not read yet. Returns the socket, or null with a libuv error in `error`.
  template <class Socket>
  Socket* watch(std::unique_ptr<Socket> socket, int* error) {
    *error = adopt(socket.get());
    return *error == 0 ? socket.release() : nullptr;
  }
  // Starts to read. Returns 0 or a libuv error.
  static int start_reading(PolledSocket* socket);
  static void stop_reading(PolledSocket* socket);
  // Sets whether the socket keeps the loop alive.
  static void set_ref(PolledSocket* socket, bool on);
  // Closes a watched socket and its descriptor.
  void close_socket(PolledSocket* socket);
  // Takes a further handle that is a member of the engine. Its `data` becomes the engine. It does not keep the loop
  // alive. close_sockets() must close it with close_handle().
  void adopt_handle(uv_handle_t* handle);
  static void close_handle(uv_handle_t* handle);

  uv_loop_t* loop() const { return check_.loop; }
  bool closing() const { return closing_; }

  // The readable sockets. A socket that may have more to read goes to the end of the queue. The rest of the queue comes
  // first in the next turn, so that a flooded socket does not delay the others.
  ReadyQueue<PolledSocket> ready_;

 private:
  int adopt(PolledSocket* socket);
  void handle_closed();

  uv_check_t check_{};
  uv_prepare_t prepare_{};
  bool closing_ = false;
  unsigned open_handles_ = 0;
  std::function<void()> closed_;
  std::shared_ptr<PollEngine> self_;  // set while libuv has a handle of this engine
};

}  // namespace multisocket

#endif  // MULTISOCKET_LOOP_POLL_ENGINE_H_
