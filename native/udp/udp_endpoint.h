// The UDP engine of one worker. It reads the worker's borrowed sockets on the worker's event loop, passes the queries
// of a batch to JavaScript with one call, and sends all their replies together.
#ifndef MULTISOCKET_UDP_ENDPOINT_H_
#define MULTISOCKET_UDP_ENDPOINT_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "loop/poll_engine.h"
#include "message/admission.h"
#include "message/endpoint_memory.h"
#include "message/proxy_protocol.h"
#include "message/query_origin.h"
#include "net/descriptor.h"
#include "udp/datagram_receiver.h"
#include "udp/datagram_sender.h"
#include "zone/zone_prefetch.h"

namespace multisocket {

class UdpEndpoint : public PollEngine {
 public:
  using Memory = EndpointMemory;
  // The JavaScript side, which answers.
  struct Server {
    // Whether it can serve. If its thread is being ended, datagrams stay in the kernel, where another worker can
    // receive them. Otherwise they would be lost.
    std::function<bool()> able;
    // Serves `count` queries and fills the outbox. The outbox may have entries already.
    std::function<void(uint32_t count)> serve;
  };

  static std::shared_ptr<UdpEndpoint> open(uv_loop_t* loop, const Memory& memory, Server server);
  // Takes the descriptors away from the endpoint whose worker's counters start at `row`, if there is one. The endpoint
  // receives and sends nothing more, and does not keep the sockets open. Another thread calls this when the endpoint's
  // own thread is blocked permanently.
  static void abandon(const double* row);
  ~UdpEndpoint() override;
  UdpEndpoint(const UdpEndpoint&) = delete;
  UdpEndpoint& operator=(const UdpEndpoint&) = delete;

  // Starts to read a socket. Returns 0 or a libuv error. Sockets of one `group` share address and port, so each of them
  // can send the replies of all. Queries that `front` can answer do not reach `serve`; null: all queries do.
  int add(uint32_t socket, Descriptor descriptor, uint32_t group, bool wildcard,
          std::shared_ptr<const AnswerFront> front);
  // Sets which proxies a socket believes, before it is first read. Their envelopes must be long ones.
  void believe(uint32_t socket, std::shared_ptr<const ProxyProtocol> proxy);
  // Stops reading. Replies can still leave through the socket.
  void stop(uint32_t socket);
  // Starts to read a stopped socket again. Returns 0 or a libuv error.
  int start(uint32_t socket);
  // Stops reading and closes the descriptor.
  void remove(uint32_t socket);
  void flush();
  // Drops datagrams that waited in the kernel for longer. It affects sockets that are added afterwards.
  void drop_older_than(uint32_t milliseconds);
  // Lets `guard` check queries and replies.
  void use(std::shared_ptr<Guard> guard) { admission_.use(std::move(guard)); }
  void set_ref(bool on);

 private:
  struct Socket : PolledSocket {
    using PolledSocket::PolledSocket;
    uint32_t number = 0;
    uint32_t group = 0;
    bool wildcard = false;
    std::shared_ptr<const AnswerFront> front;
    std::shared_ptr<const ProxyProtocol> proxy;  // null: no proxy is believed
    QueryOrigin bound;                           // only the local address and port are set
    bool reading = true;
  };

  UdpEndpoint(const Memory& memory, Server server);
  void turn() override;
  void before_wait() override;
  void close_sockets() override;
  unsigned fill();
  void prefetch(unsigned received);
  uint32_t admit(unsigned received);
  bool unwrap(uint8_t* envelope, uint32_t* length);
  bool proxied() const { return memory_.envelope_size == layout::kProxiedEnvelopeSize; }
  const uint8_t* origin_of(const uint8_t* envelope);
  QueryOrigin& path_of(const uint8_t* envelope);
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
  ZonePrefetch prefetch_;
  bool notes_arrivals_ = false;
  QueryOrigin origin_;
  std::vector<Socket*> sockets_;  // by number; null: not borrowed; abandon() reads it on another thread
  std::vector<uint32_t> groups_;  // by number; kept after a socket is removed, since replies may follow
  std::vector<Socket*> senders_;  // by group; null: no socket of the group is left
  bool ref_ = true;
};

}  // namespace multisocket

#endif  // MULTISOCKET_UDP_ENDPOINT_H_
