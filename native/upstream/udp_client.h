// One worker's queries to upstream servers over UDP: those of a batch leave with one system call for each upstream,
// answers come in batches, and JavaScript is called once for each of these.
//
// An answer is taken only from the address that was asked, at the port that the query left from, with the query's ID
// and its question (RFC 5452 s.9.1). IDs come from a keyed generator; ports are the kernel's random choice, of which
// several are in use at a time, each for a short while. A port at which somebody guesses is given up at once.
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
#include "upstream/waiting_queries.h"

namespace multisocket {

class UdpClient : public PollEngine {
 public:
  // Memory that JavaScript allocated (layout.h); it outlives the client.
  struct Memory {
    uint8_t* slab;
    uint32_t* outbox;
    uint32_t* answers;
  };
  struct Counters {
    uint64_t sent = 0;
    uint64_t received = 0;
    uint64_t unmatched = 0;  // datagrams that answer no query that is waited for
    uint64_t given_up = 0;   // queries, since somebody guessed at their answers
  };
  // Takes that many rows of answers.
  using Deliver = std::function<void(uint32_t count)>;

  static std::shared_ptr<UdpClient> open(uv_loop_t* loop, const Memory& memory, Deliver deliver);

  // An address of either family; without one, the family is AF_UNSPEC.
  struct Address {
    sockaddr_storage storage{};
    socklen_t length = 0;
  };

  // Upstreams are numbered from 0 in the order in which they are added. Queries leave from `source`, where it is given.
  void add(const Address& address, const Address& source);
  // Sends all in the outbox and empties it. Entries that could not be sent are marked, and are forgotten.
  void flush();
  // Waits no longer for the answer to a query. Returns the address and port that it left from, empty if it did not
  // wait.
  std::string forget(uint32_t handle);
  const Counters& counters() const { return counters_; }

 private:
  // Sockets of an upstream at a time.
  static constexpr unsigned kSockets = 4;

  // Connected: the kernel lets nothing through from other addresses, and tells of ICMP errors.
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
    std::array<Socket*, kSockets> sockets;  // null: to be opened when it is needed
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
  void send(Upstream* upstream, uint32_t* const* entries, unsigned count);
  void release(uint32_t handle);
  void retire(Socket** socket);
  void give_up(const Socket* socket);

  Memory memory_;
  Deliver deliver_;
  Counters counters_;
  WaitingQueries waiting_;
  std::vector<Upstream> upstreams_;
  std::array<Datagram, layout::kBatchSize> datagrams_;
  std::array<iovec, layout::kBatchSize> parts_;
  std::array<Datagram, layout::kBatchSize> sending_;
  std::array<iovec, layout::kBatchSize> sending_parts_;
};

}  // namespace multisocket

#endif  // MULTISOCKET_UDP_CLIENT_H_
