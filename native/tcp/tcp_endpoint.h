// The TCP engine of one worker, on the worker's event loop: accepts connections from the worker's borrowed sockets, and
// gives TcpConnections what it needs from the system. Linux only.
//
// It has an epoll set of its own, whose descriptor is the only one that libuv polls. So a connection has no handle of
// libuv, needs no system call for another event mask, and costs nothing in a loop that waits. One more epoll_wait
// collects the events of all connections in a turn.
#ifndef MULTISOCKET_TCP_ENDPOINT_H_
#define MULTISOCKET_TCP_ENDPOINT_H_

#include <sys/epoll.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <unordered_map>

#include "loop/poll_engine.h"
#include "net/descriptor.h"
#include "tcp/tcp_connections.h"

namespace multisocket {

class TcpEndpoint : public PollEngine, private StreamIo {
 public:
  // The JavaScript side.
  struct Server {
    // Whether it can serve. If its thread is being ended, connections stay in the kernel, where another worker can
    // accept them.
    std::function<bool()> able;
    // Serves `count` queries and fills the outbox.
    std::function<void(uint32_t count)> serve;
    // Is told that accepting pauses, because descriptors run out.
    std::function<void()> paused;
    // Is told that a draining endpoint has no connections left.
    std::function<void()> drained;
    // Is told that a connection with a stream has sent all, or is closed.
    std::function<void(uint32_t connection, bool open)> stream;
  };
  using PollEngine::close;

  struct Options {
    TcpConnections::Options connections;
    int backlog;
    uint32_t reserve;  // descriptors that are left for other uses
  };

  // Returns null with a libuv error in `error`.
  static std::shared_ptr<TcpEndpoint> open(uv_loop_t* loop, const TcpConnections::Memory& memory,
                                           const Options& options, Server server, int* error);

  // Starts to accept from a listening socket. Returns 0 or a libuv error.
  int add(Descriptor descriptor, std::unique_ptr<StreamListener> listener);
  // Stops accepting. The connections stay.
  void release(uint32_t number);
  // Takes no more queries. Returns the number of open connections. If there are any, `drained` is called when all are
  // closed.
  uint32_t drain();
  // Sends the replies in the outbox.
  void flush();
  // As those of TcpConnections.
  void begin_stream(uint32_t connection);
  uint32_t send_stream(uint32_t connection, const uint8_t* frames, uint32_t size);
  void end_stream(uint32_t connection, bool cut);
  void use(std::shared_ptr<Guard> guard) { connections_.use(std::move(guard)); }
  void set_ref(bool on);

 private:
  struct Listening {
    Descriptor descriptor;
    std::shared_ptr<const StreamListener> listener;
  };

  TcpEndpoint(uv_loop_t* loop, const TcpConnections::Memory& memory, const Options& options, Server server);
  int begin_polling(uv_loop_t* loop);
  void turn() override;
  void before_wait() override;
  void close_sockets() override;
  void poll_events();
  void accept_all(const Listening& listening);
  bool reserved(int descriptor);
  void pause();
  void try_to_resume();
  int watch_listening(const Listening& listening, int operation);
  void keep_turning();
  void update();
  void count(layout::WorkerCounter counter) { layout::count(row_ + counter); }

  uint64_t now() override;
  ssize_t receive(int descriptor, uint8_t* to, size_t size) override;
  ssize_t send(int descriptor, const iovec* parts, int count) override;
  bool watch(int descriptor, uint64_t token) override;
  void limit_unsent(int descriptor) override;
  void prepare_reset(int descriptor) override;
  void finish(int descriptor) override;
  void close(int descriptor) override;
  void read_local(int descriptor, QueryOrigin* origin) override;

  uv_loop_t* loop_;
  double* row_;
  Options options_;
  Server server_;
  TcpConnections connections_;
  int epoll_ = -1;                  // belongs to polled_
  PolledSocket* polled_ = nullptr;  // null: closed
  uv_idle_t idle_{};                // active while there is work that no event announces
  uv_timer_t timer_{};
  std::unordered_map<uint32_t, Listening> listening_;  // by the number of the socket
  bool tick_due_ = false;
  bool draining_ = false;
  bool ref_ = true;
  uint64_t paused_until_ = 0;  // 0: it is not paused
  uint64_t limit_read_at_ = 0;
  uint64_t descriptor_limit_ = 0;
};

}  // namespace multisocket

#endif  // MULTISOCKET_TCP_ENDPOINT_H_
