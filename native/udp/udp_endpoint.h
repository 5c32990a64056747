// One worker's datagrams: reads the sockets that the worker was lent on the worker's own event loop, hands the queries
// of a batch to JavaScript with one call, and sends the replies of all of them together.
#ifndef MULTISOCKET_UDP_ENDPOINT_H_
#define MULTISOCKET_UDP_ENDPOINT_H_

#include <uv.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "message/admission.h"
#include "message/query_origin.h"
#include "net/descriptor.h"
#include "udp/datagram_batch.h"

namespace multisocket {

class UdpEndpoint : public std::enable_shared_from_this<UdpEndpoint> {
 public:
  // Memory that JavaScript allocated (layout.h); it outlives the endpoint. `counters`: all rows; `worker_row`: the
  // element at which this worker's starts. `edns` points into such memory, too.
  struct Memory {
    uint8_t* slab;
    uint32_t* queries;
    uint32_t* outbox;
    double* counters;
    uint32_t worker_row;
    EdnsSettings edns;
  };
  // Who answers.
  struct Server {
    // Whether it can. One that cannot, since its thread is being ended, would lose what is taken from the kernel for
    // it; left there, it is another's.
    std::function<bool()> able;
    // Serves that many queries: fills the outbox, whose first entries may be there already.
    std::function<void(uint32_t count)> serve;
  };

  static std::shared_ptr<UdpEndpoint> open(uv_loop_t* loop, const Memory& memory, Server server);
  // Takes the descriptors away from the endpoint whose worker's counters start at `row`, if there is one: it receives
  // and sends nothing any more, and does not keep the sockets open. Called on another thread, when the endpoint's own
  // one is blocked for good.
  static void abandon(const double* row);
  ~UdpEndpoint();
  UdpEndpoint(const UdpEndpoint&) = delete;
  UdpEndpoint& operator=(const UdpEndpoint&) = delete;

  // Starts to read a socket; returns 0 or a libuv error. Sockets of one `group` share address and port, so that any of
  // them can send the replies of all. What `front` knows is answered without a call of `serve`; null: nothing is.
  int add(uint32_t socket, Descriptor descriptor, uint32_t group, bool wildcard,
          std::shared_ptr<const AnswerFront> front);
  // Stops reading; replies still leave through it.
  void stop(uint32_t socket);
  // Starts to read a stopped socket again; returns 0 or a libuv error.
  int start(uint32_t socket);
  // Stops, and closes the descriptor.
  void remove(uint32_t socket);
  void flush();
  // Drops datagrams that have waited in the kernel for longer, in ms; for sockets that are added afterwards.
  void drop_older_than(uint32_t milliseconds);
  // Has `guard` look at what comes and goes.
  void use(std::shared_ptr<Guard> guard) { admission_.use(std::move(guard)); }
  void set_ref(bool on);
  // Stops and closes all. `closed` is called once libuv has let go of the last handle.
  void close(std::function<void()> closed);

 private:
  // Lives until libuv has called its close callback.
  struct Socket {
    uv_poll_t poll;
    UdpEndpoint* endpoint;
    Descriptor descriptor;
    uint32_t number;
    uint32_t group;
    bool wildcard;
    std::shared_ptr<const AnswerFront> front;
    QueryOrigin bound;  // only its local half
    bool reading = true;
    bool ready = false;  // stands in the queue
    Socket* next = nullptr;
  };

  UdpEndpoint(const Memory& memory, Server server);
  static void on_readable(uv_poll_t* handle, int status, int events);
  static void on_turn(uv_check_t* handle);
  void turn();
  unsigned fill();
  uint32_t admit(unsigned received);
  const uint8_t* origin_of(const uint8_t* envelope);
  void reply(unsigned slot, uint32_t length, uint32_t opt);
  uint32_t limit(uint32_t count);
  Socket* find(uint32_t number) const { return number < sockets_.size() ? sockets_[number] : nullptr; }
  Socket* sender_of(const uint32_t* entry) const;
  void choose_sender(uint32_t group);
  void enqueue(Socket* socket);
  void dequeue();
  void unlink(Socket* socket);
  void handle_closed();

  Memory memory_;
  Server server_;
  DatagramBatch batch_;
  Admission admission_;
  bool notes_arrivals_ = false;
  QueryOrigin origin_;
  uv_check_t check_;
  std::vector<Socket*> sockets_;  // by number; null where not lent; other threads read it (abandon)
  std::vector<uint32_t> groups_;  // by number; kept when the socket goes: replies to what it brought may come later
  std::vector<Socket*> senders_;  // by group; null where no socket of it is left
  // A queue of those that are readable. One that has more than a batch took goes to its end, and what is left at the
  // end of a turn comes first in the next, so that a flooded socket keeps none of the others waiting.
  Socket* first_ready_ = nullptr;
  Socket* last_ready_ = nullptr;
  bool ref_ = true;
  bool closing_ = false;
  unsigned open_handles_ = 0;
  std::function<void()> closed_;
  std::shared_ptr<UdpEndpoint> self_;  // while libuv holds a handle of ours
};

}  // namespace multisocket

#endif  // MULTISOCKET_UDP_ENDPOINT_H_
