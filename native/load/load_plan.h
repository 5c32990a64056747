// The task of a load generator. lib/tune/load-generator.ts checks the numbers.
#ifndef MULTISOCKET_LOAD_PLAN_H_
#define MULTISOCKET_LOAD_PLAN_H_

#include <sys/socket.h>

#include <cstdint>
#include <vector>

namespace multisocket {

// Durations are in nanoseconds.
struct LoadPlan {
  sockaddr_storage target{};
  socklen_t target_size = 0;
  bool tcp = false;
  bool one_query_a_connection = false;  // TCP
  unsigned clients = 1;                 // UDP sockets, or simultaneous TCP connections
  unsigned burst = 1;                   // consecutive queries from one client
  unsigned window = 1;                  // the most queries that wait for answers, over all clients
  double rate = 0;                      // open loop: queries a second; 0: closed loop
  uint64_t count = 0;                   // stop after this many queries
  uint64_t duration = 0;                // or after this time
  uint64_t timeout = 0;                 // after this time a query is lost
  uint64_t interval = 0;                // of the series
  std::vector<uint8_t> questions;       // complete queries, each after its length (RFC 1035 s.4.2.2)
};

}  // namespace multisocket

#endif  // MULTISOCKET_LOAD_PLAN_H_
