// What a load generator is asked to do. Its numbers were checked by lib/tune/load-generator.ts.
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
  unsigned clients = 1;                 // UDP sockets, or TCP connections at a time
  unsigned burst = 1;                   // queries in a row from one client
  unsigned window = 1;                  // how many may wait for their answers at a time, in all
  double rate = 0;                      // open loop: queries a second; 0: closed loop
  uint64_t count = 0;                   // stop after that many queries
  uint64_t duration = 0;                // or after that time
  uint64_t timeout = 0;                 // when a query is lost
  uint64_t interval = 0;                // of the series
  std::vector<uint8_t> questions;       // whole queries, each with its length in front (RFC 1035 s.4.2.2)
};

}  // namespace multisocket

#endif  // MULTISOCKET_LOAD_PLAN_H_
