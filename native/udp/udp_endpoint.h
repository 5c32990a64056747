// One worker's datagrams: reads the sockets that the worker was lent on the worker's own event loop, hands the queries
// of a batch to JavaScript with one call, and sends the replies of all of them together.
#ifndef MULTISOCKET_UDP_ENDPOINT_H_
#define MULTISOCKET_UDP_ENDPOINT_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "loop/poll_engine.h"
#include "message/admission.h"
#include "message/query_origin.h"
#include "net/descriptor.h"
#include "udp/datagram_receiver.h"
#include "udp/datagram_sender.h"

namespace multisocket {

class UdpEndpoint : public PollEngine {
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
  ~UdpEndpoint() override;
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

 private:
  struct Socket : PolledSocket {
    using PolledSocket::PolledSocket;
    uint32_t number = 0;
    uint32_t group = 0;
    bool wildcard = false;
    std::shared_ptr<const AnswerFront> front;
    QueryOrigin bound;  // only its local half
    bool reading = true;
  };

  UdpEndpoint(const Memory& memory, Server server);
  void turn() override;
  void close_sockets() override;
  unsigned fill();
  uint32_t admit(unsigned received);
  const uint8_t* origin_of(const uint8_t* envelope);
  void reply(unsigned slot, uint32_t length, uint32_t opt);
  uint32_t limit(uint32_t count);
  Socket* find(uint32_t number) const { return number < sockets_.size() ? sockets_[number] : nullptr; }
  Socket* sender_of(const uint32_t* entry) const;
  void choose_sender(uint32_t group);

  Memory memory_;
  Server server_;
  DatagramReceiver receiver_;
  DatagramSender sender_;
  Admission admission_;
  bool notes_arrivals_ = false;
  QueryOrigin origin_;
  std::vector<Socket*> sockets_;  // by number; null where not lent; abandon() reads it on another thread
  std::vector<uint32_t> groups_;  // by number; kept when the socket goes: replies to what it brought may come later
  std::vector<Socket*> senders_;  // by group; null where no socket of it is left
  bool ref_ = true;
};

}  // namespace multisocket

#endif  // MULTISOCKET_UDP_ENDPOINT_H_
