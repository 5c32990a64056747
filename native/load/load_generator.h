// A load generator for DNS servers. It has its own thread and sends queries as fast as the server answers, or at a
// given rate. It ends by itself.
//
// Closed loop: the window limits the number of waiting queries, and each answer makes room for the next query. Open
// loop: queries leave when they are due, whatever the server does. Latency counts from the due time, so that a server
// that stalls cannot hide it by delaying queries.
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

  // Whether the questions of the plan are valid.
  bool valid() const { return ledger_.valid(); }
  // Opens the sockets and starts the thread on CPU `cpu`, or on any CPU if `cpu` is negative. The thread calls
  // `finished` last.
  SocketFailure start(int cpu, std::function<void()> finished);
  // Sends no more queries and waits for the missing answers.
  void stop() { ending_.store(Ending::kDrain, std::memory_order_relaxed); }
  // Ends now. Returns when the thread has ended.
  void abort();

  // May be called from any thread during the run.
  const LoadCounts& counts() const { return ledger_.counts(); }
  // The waiting time of the oldest unanswered query, in nanoseconds.
  uint64_t oldest_wait() const;
  uint64_t elapsed() const;

  // Call only after `finished`.
  const LoadLedger& ledger() const { return ledger_; }
  uint64_t cpu_time() const { return cpu_time_; }
  // From the first query to the last answer, or to the end of sending if that is later.
  uint64_t measured() const { return measured_; }
  // The largest delay of the generator behind its schedule. The results of an open loop are reliable if it is small.
  uint64_t behind() const { return behind_; }
  uint64_t drops() const { return drops_; }

 private:
  enum class Ending : int { kNone, kDrain, kNow };

  void run();
  // Sends the queries that may leave at `now`. Returns their number.
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
  uint64_t scheduled_ = 0;  // queries that were sent, or failed to be sent
  uint64_t behind_ = 0;
  uint64_t cpu_time_ = 0;
  uint64_t measured_ = 0;
  uint64_t drops_ = 0;
};

}  // namespace multisocket

#endif  // MULTISOCKET_LOAD_GENERATOR_H_
