// Asks a DNS server as much as it bears, or at a rate, from a thread of its own; paces, and ends by itself.
//
// Closed loop: as many queries as the window allows wait for their answers, and each answer makes room for the next.
// Open loop: queries leave when they are due, whatever the server does; time is counted from when they were due, so
// that a server that stalls cannot hide it by holding the load back.
#ifndef MULTISOCKET_LOAD_GENERATOR_H_
#define MULTISOCKET_LOAD_GENERATOR_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <thread>

#include "load/load_ledger.h"
#include "load/load_plan.h"
#include "load/load_transport.h"
#include "net/socket.h"

namespace multisocket {

class LoadGenerator {
 public:
  explicit LoadGenerator(const LoadPlan& plan);
  // Ends the thread at once if it runs.
  ~LoadGenerator();
  LoadGenerator(const LoadGenerator&) = delete;
  LoadGenerator& operator=(const LoadGenerator&) = delete;

  // Whether the plan's questions can be asked.
  bool valid() const { return ledger_.valid(); }
  // Opens the sockets and starts the thread; on CPU `cpu`, or where the system likes when it is negative. `finished` is
  // the last thing that the thread calls.
  SocketFailure start(int cpu, std::function<void()> finished);
  // Asks no more, and waits for the answers that are due.
  void stop() { ending_.store(Ending::kDrain, std::memory_order_relaxed); }
  // Ends now; returns when the thread has ended.
  void abort();

  // While it runs, from any thread.
  const LoadCounts& counts() const { return ledger_.counts(); }
  // How long the oldest query that waits has waited, in nanoseconds.
  uint64_t oldest_wait() const;
  uint64_t elapsed() const;

  // After `finished`.
  const LoadLedger& ledger() const { return ledger_; }
  uint64_t cpu_time() const { return cpu_time_; }
  // From the first query to the last answer, or to the end of asking if that was later.
  uint64_t measured() const { return measured_; }
  // How far behind its schedule the generator itself was at most: an open loop's figures are sound while it is small.
  uint64_t behind() const { return behind_; }
  uint64_t drops() const { return drops_; }

 private:
  enum class Ending : int { kNone, kDrain, kNow };

  void run();
  // Sends what may be sent at `now`; returns how many left.
  unsigned fill_window(uint64_t now);
  unsigned keep_schedule(uint64_t now);
  unsigned next_burst() const;
  unsigned send_burst(unsigned burst, uint64_t due, uint64_t now);
  bool asking(uint64_t now) const;
  uint64_t due(uint64_t query) const;
  uint64_t wait_until(uint64_t now, bool still_asking) const;

  const LoadPlan plan_;
  LoadLedger ledger_;
  std::unique_ptr<LoadTransport> transport_;
  std::thread thread_;
  std::atomic<Ending> ending_{Ending::kNone};
  std::atomic<uint64_t> started_{0};
  unsigned next_client_ = 0;
  uint64_t scheduled_ = 0;  // queries that were sent, or would have been
  uint64_t behind_ = 0;
  uint64_t cpu_time_ = 0;
  uint64_t measured_ = 0;
  uint64_t drops_ = 0;
};

}  // namespace multisocket

#endif  // MULTISOCKET_LOAD_GENERATOR_H_
