// One worker's queries to upstream servers over UDP: those of a batch leave with one system call for each upstream,
// answers come in batches, and JavaScript is called once for each of these.
//
// An answer is taken only from the address that was asked, at the port that the query left from, with the query's ID
// and its question octet by octet (RFC 5452 s.9.1). IDs come from a keyed generator; ports are the kernel's random
// choice, of which several are in use at a time, each for a short while.
#ifndef MULTISOCKET_UDP_CLIENT_H_
#define MULTISOCKET_UDP_CLIENT_H_

#include <netinet/in.h>
#include <sys/uio.h>
#include <uv.h>

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "guard/siphash.h"
#include "message/layout.h"
#include "net/descriptor.h"
#include "udp/datagram_io.h"

namespace multisocket {

class UdpClient : public std::enable_shared_from_this<UdpClient> {
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
  };
  // Takes that many rows of answers.
  using Deliver = std::function<void(uint32_t count)>;

  static std::shared_ptr<UdpClient> open(uv_loop_t* loop, const Memory& memory, Deliver deliver);
  ~UdpClient() = default;
  UdpClient(const UdpClient&) = delete;
  UdpClient& operator=(const UdpClient&) = delete;

  // Upstreams are numbered from 0 in the order in which they are added.
  void add(const sockaddr_storage& address, socklen_t length);
  // Sends all in the outbox and empties it. Entries that could not be sent are marked, and are forgotten.
  void flush();
  // Waits no longer for the answer to a query.
  void forget(uint32_t handle);
  const Counters& counters() const { return counters_; }
  // `closed` is called once libuv has let go of the last handle.
  void close(std::function<void()> closed);

 private:
  // Sockets of an upstream at a time.
  static constexpr unsigned kSockets = 4;

  // Connected: the kernel lets nothing through from other addresses, and tells of ICMP errors. Lives until libuv has
  // called its close callback.
  struct Socket {
    uv_poll_t poll;
    UdpClient* client;
    Descriptor descriptor;
    unsigned uses_left;  // queries
    uint64_t retire_at;
    uint32_t outstanding = 0;
    bool retired = false;
    bool unreachable = false;
    bool ready = false;  // stands in the queue
    Socket* next = nullptr;
  };

  struct Upstream {
    sockaddr_storage address;
    socklen_t address_length;
    std::array<Socket*, kSockets> sockets;  // null: to be opened when it is needed
  };

  // A query whose answer is waited for; `socket` is null where there is none.
  struct Outstanding {
    uint64_t question;  // keyed hash: nobody can make another question with the same one
    Socket* socket = nullptr;
    uint16_t id;
    uint16_t question_end;
  };

  UdpClient(const Memory& memory, Deliver deliver);
  static void on_readable(uv_poll_t* handle, int status, int events);
  static void on_turn(uv_check_t* handle);
  void turn();
  bool receive(Socket* socket);
  uint32_t match(const Socket* socket, unsigned received);
  void fail_outstanding(Socket* socket);
  Socket* sender(Upstream* upstream, unsigned count);
  Socket* open_socket(const Upstream& upstream);
  void send(Upstream* upstream, uint32_t* const* entries, unsigned count);
  void register_query(const uint32_t* entry, Socket* socket);
  uint16_t free_id();
  uint64_t random();
  uint64_t hash_question(const uint8_t* message, uint32_t end) const;
  void retire(Socket** socket);
  void close_socket(Socket* socket);
  void enqueue(Socket* socket);
  void unlink(Socket* socket);
  void handle_closed();

  Memory memory_;
  Deliver deliver_;
  Counters counters_;
  SipKey id_key_;
  SipKey question_key_;
  uint64_t random_count_ = 0;
  std::vector<Upstream> upstreams_;
  std::vector<Outstanding> outstanding_;  // by handle
  std::vector<uint16_t> handle_of_;       // by ID: 1 more than the handle; 0: the ID is free
  std::array<Datagram, layout::kBatchSize> datagrams_;
  std::array<iovec, layout::kBatchSize> parts_;
  std::array<Datagram, layout::kBatchSize> sending_;
  std::array<iovec, layout::kBatchSize> sending_parts_;
  uv_check_t check_;
  Socket* first_ready_ = nullptr;
  Socket* last_ready_ = nullptr;
  bool closing_ = false;
  unsigned open_handles_ = 0;
  std::function<void()> closed_;
  std::shared_ptr<UdpClient> self_;  // while libuv holds a handle of ours
};

}  // namespace multisocket

#endif  // MULTISOCKET_UDP_CLIENT_H_
