// The UDP engine for one worker's queries to upstream servers. The queries of a batch to one upstream leave with one
// system call. Answers arrive in batches, and each batch is one call of JavaScript.
//
// An answer is accepted only from the queried address, at the port that the query left from, with the query's ID and
// question (RFC 5452 s.9.1). IDs come from a keyed generator. The kernel chooses random ports; several are in use at a
// time, each for a short while. A port that receives guesses is given up at once.
#ifndef MULTISOCKET_UDP_CLIENT_H_
#define MULTISOCKET_UDP_CLIENT_H_

#include <netinet/in.h>
#include <sys/uio.h>

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "loop/poll_engine.h"
#include "message/layout.h"
#include "net/descriptor.h"
#include "net/text_address.h"
#include "udp/datagram_io.h"
#include "upstream/query_sender.h"
#include "upstream/waiting_queries.h"

namespace multisocket {

class UdpClient : public PollEngine {
 public:
  // Memory that JavaScript allocated (layout.h). It must outlive the client.
  struct Memory {
    uint8_t* slab;
    uint32_t* outbox;
    uint32_t* answers;
  };
  struct Counters {
    uint64_t sent = 0;
    uint64_t received = 0;
    uint64_t unmatched = 0;  // datagrams that answer no waiting query
    uint64_t given_up = 0;   // queries, because their answers were being guessed
  };
  // Receives the number of filled rows of answers.
  using Deliver = std::function<void(uint32_t count)>;

  static std::shared_ptr<UdpClient> open(uv_loop_t* loop, const Memory& memory, Deliver deliver);

  // An IPv4 or IPv6 address. The family AF_UNSPEC means no address.
  struct Address {
    sockaddr_storage storage{};
    socklen_t length = 0;
  };

  // Upstreams are numbered from 0 in the order in which they are added. Queries leave from `source` if it is an
  // address.
  void add(const Address& address, const Address& source);
  // Sends and empties the outbox. The error of an entry is then 0, or why it was not sent; such a query does not
  // wait.
  void flush();
  // Stops waiting for the answer to a query. Returns the address and port that the query left from, or an empty string
  // if it was not waiting.
  std::string forget(uint32_t handle);
  const Counters& counters() const { return counters_; }

 private:
  // Sockets of an upstream at a time.
  static constexpr unsigned kSockets = 4;

  // The socket is connected: the kernel drops datagrams from other addresses and reports ICMP errors.
  struct Socket : PolledSocket {
    using PolledSocket::PolledSocket;
    unsigned uses_left = 0;  // queries
    uint64_t retire_at = 0;
    uint32_t outstanding = 0;
    bool retired = false;
    int error = 0;  // of an earlier datagram, such as ECONNREFUSED
  };

  struct Upstream {
    Address address;
    Address source;
    std::array<Socket*, kSockets> sockets;  // null: opened when needed
  };

  UdpClient(const Memory& memory, Deliver deliver);
  void turn() override;
  void close_sockets() override;
  bool receive(Socket* socket);
  uint32_t match(Socket* socket, unsigned received);
  bool read(const uint8_t* message, const Datagram& datagram, Socket* socket, uint32_t packed, uint32_t* row);
  void fail_outstanding(Socket* socket);
  Socket* sender(Upstream* upstream, unsigned count);
  Socket* open_socket(const Upstream& upstream);
  void send(Upstream* upstream, uint32_t** entries, unsigned count);
  void release(uint32_t handle);
  void retire(Socket** socket);
  void give_up(const Socket* socket);

  Memory memory_;
  Deliver deliver_;
  QuerySender sender_;
  Counters counters_;
  WaitingQueries waiting_;
  std::vector<Upstream> upstreams_;
  std::array<Datagram, layout::kBatchSize> datagrams_;
  std::array<iovec, layout::kBatchSize> parts_;
};

}  // namespace multisocket

#endif  // MULTISOCKET_UDP_CLIENT_H_
