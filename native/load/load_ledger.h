// The record of all queries: when each was sent, by which client, and its result. It knows queries and answers, but not
// sockets.
//
// An ID is an index into the client's part of one table, so that an answer finds its query in one step. Waiting queries
// are in a list ordered by age. Everything belongs to the generator's thread, except what progress() reads.
#ifndef MULTISOCKET_LOAD_LEDGER_H_
#define MULTISOCKET_LOAD_LEDGER_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "load/latency_histogram.h"
#include "load/load_plan.h"

namespace multisocket {

// A count that one thread writes and other threads may read.
class LoadCount {
 public:
  void add(uint64_t more) { value_.store(get() + more, std::memory_order_relaxed); }
  void set(uint64_t value) { value_.store(value, std::memory_order_relaxed); }
  uint64_t get() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<uint64_t> value_{0};
};

// The fields are those of LoadCounts in lib/native/addon.ts.
struct LoadCounts {
  LoadCount sent, answered, lost, late, mismatched, duplicates, unexpected, truncated, skipped, refused, connections,
      disconnects;
  std::array<LoadCount, 16> rcodes;
};

class LoadLedger {
 public:
  static constexpr unsigned kMaxQuery = 512;

  // The counts of one interval of the run.
  struct Interval {
    uint64_t sent = 0, answered = 0, lost = 0, longest = 0;
  };

  explicit LoadLedger(const LoadPlan& plan);

  // False if `plan.questions` are not well-formed queries with one question and at most kMaxQuery bytes each.
  bool valid() const { return !questions_.empty(); }
  void begin(uint64_t now) { start_ = now; }

  bool has_room(unsigned client) const { return clients_[client].waiting < per_client_; }
  unsigned waiting(unsigned client) const { return clients_[client].waiting; }
  unsigned waiting() const { return waiting_; }

  // Writes the next query of `client` and returns its length. The query counts as sent. The client must have room.
  unsigned ask(unsigned client, uint64_t due, uint64_t now, uint8_t* out);
  // The newest query could not be sent.
  void take_back(uint64_t now);
  // A message has arrived at `client`.
  void settle(unsigned client, const uint8_t* message, size_t length, uint64_t now);
  // Gives up the queries that have waited longer than the timeout.
  void expire(uint64_t now);
  // Gives up all waiting queries of `client`, whose connection is closed.
  void abandon(unsigned client, uint64_t now);
  // When the oldest waiting query was due; 0: no query waits.
  uint64_t oldest() const { return oldest_.get(); }

  LoadCounts& counts() { return counts_; }
  const LoadCounts& counts() const { return counts_; }
  const LatencyHistogram& latency() const { return latency_; }
  const std::vector<Interval>& series() const { return series_; }
  uint64_t last_answer() const { return last_answer_; }

 private:
  static constexpr uint32_t kNone = UINT32_MAX;
  enum class State : uint8_t { kUnused, kWaiting, kAnswered, kLost };

  struct Question {
    uint32_t offset;
    uint16_t length;
    uint16_t end;  // of the question section
  };
  struct Flight {
    uint64_t due = 0;
    uint32_t question = 0;
    uint32_t older = kNone;
    uint32_t newer = kNone;
    uint16_t id = 0;
    State state = State::kUnused;
  };
  struct Client {
    uint16_t next_id = 0;
    unsigned waiting = 0;
  };

  void read_questions();
  bool fits(const Question& question, const uint8_t* message, size_t length) const;
  void lose(uint32_t place, uint64_t now);
  void unlink(uint32_t place);
  Interval& interval(uint64_t now);

  std::vector<uint8_t> bytes_;
  std::vector<Question> questions_;
  uint32_t next_question_ = 0;
  unsigned per_client_;  // a power of two
  std::vector<Client> clients_;
  std::vector<Flight> flights_;
  uint32_t oldest_place_ = kNone;
  uint32_t newest_place_ = kNone;
  unsigned waiting_ = 0;
  LoadCount oldest_;
  uint64_t timeout_;
  uint64_t start_ = 0;
  uint64_t last_answer_ = 0;
  uint64_t interval_;
  std::vector<Interval> series_;
  LoadCounts counts_;
  LatencyHistogram latency_;
};

}  // namespace multisocket

#endif  // MULTISOCKET_LOAD_LEDGER_H_
