// The sockets of a load generator's clients. After open(), one thread owns it.
#ifndef MULTISOCKET_LOAD_TRANSPORT_H_
#define MULTISOCKET_LOAD_TRANSPORT_H_

#include <cstdint>
#include <memory>

#include "load/load_ledger.h"
#include "load/load_plan.h"
#include "net/socket.h"

namespace multisocket {

// Nanoseconds of the monotonic clock.
uint64_t load_clock();

class LoadTransport {
 public:
  static std::unique_ptr<LoadTransport> udp(const LoadPlan& plan, LoadLedger* ledger);
  static std::unique_ptr<LoadTransport> tcp(const LoadPlan& plan, LoadLedger* ledger);

  virtual ~LoadTransport() = default;
  LoadTransport(const LoadTransport&) = delete;
  LoadTransport& operator=(const LoadTransport&) = delete;

  virtual SocketFailure open() = 0;
  // Sends up to `count` queries of `client`, at most LoadPlan::burst. Returns the number sent, or 0 if the client
  // cannot send now.
  virtual unsigned send(unsigned client, unsigned count, uint64_t due, uint64_t now) = 0;
  // Processes incoming messages. Waits at most `wait` nanoseconds for the first.
  virtual void receive(uint64_t wait) = 0;
  // Datagrams that our own sockets had no room for.
  virtual uint64_t drops() const { return 0; }

 protected:
  LoadTransport() = default;
};

}  // namespace multisocket

#endif  // MULTISOCKET_LOAD_TRANSPORT_H_
