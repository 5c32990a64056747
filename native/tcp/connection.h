// A client's connection: its origin, the octets that wait, and since when the client owes something.
#ifndef MULTISOCKET_CONNECTION_H_
#define MULTISOCKET_CONNECTION_H_

#include <cstdint>
#include <memory>

#include "cache/answer_front.h"
#include "message/proxy_protocol.h"
#include "message/query_origin.h"
#include "tcp/octet_queue.h"
#include "tcp/timer_wheel.h"

namespace multisocket {

// A listening socket, as its connections know it.
struct StreamListener {
  uint32_t number = 0;    // of the socket
  bool wildcard = false;  // bound to all addresses
  QueryOrigin bound;      // only the transport, the local address and the port are set
  std::shared_ptr<const AnswerFront> front;
  std::shared_ptr<const ProxyProtocol> proxy;  // null: no proxy is believed
};

// The time limits of clients, in ms.
struct StreamTimeouts {
  uint32_t message;  // for a message, from its first octet to its last
  uint32_t idle;     // between the start of a message, or a reply, and the start of the next message
  uint32_t write;    // for reading any of the replies that wait
  uint32_t linger;   // to close its side after the server has closed its own
};

// The reason why the time of a connection is up.
enum class Overdue : uint8_t { kMessage, kIdle, kWrite, kLinger };

struct Connection : Timed {
  // Octets of waiting replies at which no more queries are taken.
  static constexpr uint32_t kMaxUnread = 256 * 1024;

  struct Deadline {
    uint64_t at;  // TimerWheel::kNever: none
    Overdue reason;
  };
  Deadline deadline(const StreamTimeouts& timeouts) const;

  bool open() const { return descriptor >= 0; }
  // Whether a complete message waits in `input`.
  bool has_frame();
  // Whether its first message, or the rest of one, may be on its way.
  bool expects() const { return !asked || input.size() > 0; }
  // Whether it may take no more queries until handlers or the client have caught up.
  bool full(uint32_t max_pipelined) const {
    return in_flight >= max_pipelined || output.size() > kMaxUnread || left == 0;
  }

  int descriptor = -1;
  uint32_t slot = 0;
  uint32_t generation = 0;  // of the slot
  uint32_t bucket = 0;      // of ConnectionLimits
  std::shared_ptr<const StreamListener> listener;
  QueryOrigin origin;
  uint16_t client_port = 0;  // in host order
  uint16_t proxy_port = 0;
  uint8_t proxy[kAddressSize];  // the other end, if a proxy has given the ends in `origin`

  bool watched : 1;      // its events are reported
  bool readable : 1;     // receiving may bring more
  bool writable : 1;     // sending may succeed
  bool has_local : 1;    // the local address in `origin` is the right one
  bool preamble : 1;     // a header of the PROXY protocol may come first
  bool proxied : 1;      // a proxy has given the ends in `origin`
  bool asked : 1;        // a message of it has been taken
  bool half_closed : 1;  // the client has closed its side; unread octets may precede that
  bool eof : 1;          // all octets of the client are read
  bool ending : 1;       // takes nothing new, and ends when all queries are answered
  bool finished : 1;     // the server has closed its side
  bool blocked : 1;      // complete messages, or octets in the kernel, wait for the server
  bool touched : 1;      // is in the list of connections with new replies
  bool streamed : 1;     // JavaScript has begun a stream of messages on it
  bool awaited : 1;      // JavaScript waits until `output` is empty
  bool young : 1;        // is in the list of connections to be tried once more before they are watched
  bool ready = false;    // is in the queue of connections that can be served
  Connection* next = nullptr;

  uint32_t in_flight = 0;  // queries that JavaScript holds
  uint32_t left = 0;       // queries that it may still bring
  OctetQueue input;        // received and not consumed
  OctetQueue output;       // replies that the kernel has not taken

  uint64_t last_active = 0;   // when a message began to come, or a reply left
  uint64_t started_at = 0;    // when the incomplete message in `input` began to come
  uint64_t unread_since = 0;  // since when the client has read nothing of `output`
  uint64_t finished_at = 0;

  // Its new replies: the first and the last segment (reply_segments.h).
  uint32_t first_segment = UINT32_MAX;
  uint32_t last_segment = UINT32_MAX;

  Connection()
      : watched(false),
        readable(false),
        writable(false),
        has_local(false),
        preamble(false),
        proxied(false),
        asked(false),
        half_closed(false),
        eof(false),
        ending(false),
        finished(false),
        blocked(false),
        touched(false),
        streamed(false),
        awaited(false),
        young(false) {}
};

static_assert(sizeof(Connection) <= 256, "an idle connection has no other memory");

}  // namespace multisocket

#endif  // MULTISOCKET_CONNECTION_H_
