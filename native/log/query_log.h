// A worker's side of the query log: a ring in memory that the owner's thread reads. The worker never waits. A record
// for which the ring has no room is lost, and counted.
//
// The ring has one writer and one reader. Both count octets modulo 2^32, and the writer publishes a record with one
// store. A record is contiguous: if it does not fit before the end of the ring, a record without contents fills the
// rest. The reader is lib/server/query-log-ring.ts.
#ifndef MULTISOCKET_QUERY_LOG_H_
#define MULTISOCKET_QUERY_LOG_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "message/layout.h"

namespace multisocket {

class QueryLog {
 public:
  // What became of a query.
  struct Outcome {
    const uint8_t* reply = nullptr;
    size_t length = 0;  // 0: no reply is sent
    uint16_t rcode = 0;
    bool cached = false;
  };

  // `ring`: layout::kLogRing words and then the records, whose size in octets, `size`, is a power of two. The memory
  // must outlive this object. `sample`: the share of queries that are recorded, 0 to 1. `messages`: whole messages are
  // recorded.
  QueryLog(uint32_t* ring, size_t size, double sample, bool messages);

  // Microseconds of a monotonic clock, modulo 2^32.
  static uint32_t microseconds();

  // Chooses at random whether a query is recorded.
  bool samples();
  // Keeps a copy of a query that may be overwritten before it is recorded, and returns where it is. Without `messages`,
  // and for a message whose question is not overwritten, it returns `query`.
  const uint8_t* keep(const uint8_t* query, size_t length);

  // Records a query that was taken up at `started`. `origin`: the octets of a QueryOrigin. `question_end`: the length
  // of the header and the question.
  void record(const uint8_t* query, size_t length, size_t question_end, const uint8_t* origin, uint32_t started,
              const Outcome& outcome);

 private:
  uint32_t* begin(size_t size);

  uint32_t* const ring_;
  uint8_t* const records_;
  const uint32_t size_;
  const uint64_t threshold_;
  const bool messages_;
  uint64_t random_;
  std::vector<uint8_t> kept_;
};

}  // namespace multisocket

#endif  // MULTISOCKET_QUERY_LOG_H_
