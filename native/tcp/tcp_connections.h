// All connections of a worker that bring DNS by TCP (RFC 7766). It reads queries, answers what it can, passes the other
// queries of all connections to JavaScript with one call, and sends the replies with one call a connection. It does not
// know how events come, so that it can be tested without sockets.
#ifndef MULTISOCKET_TCP_CONNECTIONS_H_
#define MULTISOCKET_TCP_CONNECTIONS_H_

#include <netinet/in.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "loop/ready_queue.h"
#include "message/endpoint_memory.h"
#include "tcp/connection.h"
#include "tcp/connection_limits.h"
#include "tcp/connection_pool.h"
#include "tcp/query_batch.h"
#include "tcp/reply_segments.h"
#include "tcp/stream_io.h"
#include "tcp/timer_wheel.h"

namespace multisocket {

class TcpConnections {
 public:
  struct Memory : EndpointMemory {
    ConnectionLimits limits;
  };
  struct Options {
    StreamTimeouts timeouts;
    uint32_t max_pipelined;  // queries of a connection that JavaScript may hold
    uint32_t max_queries;    // of a connection; kAnyNumber: no limit
  };
  static constexpr uint32_t kAnyNumber = UINT32_MAX;
  static constexpr uint32_t kClosed = UINT32_MAX;
  static constexpr uint32_t kDrainGrace = 150;  // ms

  // `serve` passes the first `count` rows to JavaScript, which fills the outbox: at once, or later before flush().
  TcpConnections(const Memory& memory, const Options& options, StreamIo* io, std::function<void(uint32_t count)> serve);

  void use(std::shared_ptr<Guard> guard) { batch_.use(std::move(guard)); }

  // Takes over an accepted descriptor. Returns false if a limit of connections is reached. The descriptor then belongs
  // to the caller.
  bool open(int descriptor, const sockaddr_storage& client, const std::shared_ptr<const StreamListener>& listener);
  // Takes events of a watched descriptor.
  void wake(uint64_t token, const StreamEvents& events);
  // Serves what has come, within the limits of one turn of the loop.
  void serve();
  // Whether the outbox has replies.
  bool has_replies() const { return memory_.outbox[0] > 0; }
  // Sends the replies in the outbox.
  void flush();
  // Begins a stream of messages on a connection with a query in flight. The slot stays valid until end_stream().
  void begin_stream(uint32_t slot);
  // Sends complete frames. Returns the octets that wait for the client, or kClosed.
  uint32_t send_stream(uint32_t slot, const uint8_t* frames, uint32_t size);
  // Ends a stream. `cut`: also resets the connection, so that no client takes a part for the whole.
  void end_stream(uint32_t slot, bool cut);
  // Calls `changed` with the slot of each connection that has sent all that a stream waited for, or that has been
  // closed while a query was in flight, and whether it is open.
  void report_streams(const std::function<void(uint32_t slot, bool open)>& changed);
  // Closes the connections whose time is up.
  void tick();
  // Ends each connection when the queries are answered that have come by now. A connection whose first query may still
  // be on its way has kDrainGrace more.
  void drain();
  // Closes all connections at once.
  void close_all();

  uint32_t count() const { return count_; }
  // Whether serve() has more to do, although no event comes.
  bool busy() const { return !ready_.empty() || !young_.empty() || !changed_.empty(); }
  uint32_t tick_length() const { return wheel_.tick(); }

 private:
  void visit(Connection* connection);
  void receive(Connection* connection);
  void discard(Connection* connection);
  void take(Connection* connection, uint32_t received);
  uint32_t admit(Connection* connection, uint8_t* octets, uint32_t size);
  bool skip_preamble(Connection* connection);
  bool name_client(Connection* connection, const ProxyHeader& header);
  void run_batch();
  void send_segments();
  void send(Connection* connection);
  void send_output(Connection* connection);
  void settle(Connection* connection);
  bool drained(const Connection* connection) const;
  void end(Connection* connection);
  void watch(Connection* connection);
  void close(Connection* connection);
  void release(Connection* connection);
  void count(layout::WorkerCounter counter, double by = 1) {
    layout::count(memory_.counters + memory_.worker_row + counter, by);
  }

  Memory memory_;
  Options options_;
  StreamIo* io_;
  std::function<void(uint32_t)> serve_;
  uint64_t now_;
  TimerWheel wheel_;
  ConnectionPool pool_;
  QueryBatch batch_;
  ReplySegments segments_;
  ReadyQueue<Connection> ready_;
  // Connections that have just been served and are not watched yet. The client of a short connection closes it soon,
  // and a second attempt to receive costs less than watching it.
  std::vector<Connection*> young_;
  std::vector<uint32_t> changed_;  // slots for report_streams()
  uint8_t* received_;              // shared by all connections
  uint32_t count_ = 0;
  uint64_t drained_at_ = TimerWheel::kNever;  // when the grace ends; kNever: it does not drain
  bool closed_ = false;
};

}  // namespace multisocket

#endif  // MULTISOCKET_TCP_CONNECTIONS_H_
