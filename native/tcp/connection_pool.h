// The memory of connections, in slots. A slot has a number, by which JavaScript calls the connection.
#ifndef MULTISOCKET_CONNECTION_POOL_H_
#define MULTISOCKET_CONNECTION_POOL_H_

#include <cstdint>
#include <memory>
#include <new>
#include <vector>

#include "tcp/connection.h"

namespace multisocket {

class ConnectionPool {
 public:
  // Returns a connection in its initial state, with its slot and generation.
  Connection* take() {
    if (free_.empty()) grow();
    const uint32_t slot = free_.back();
    free_.pop_back();
    Connection* connection = at(slot);
    const uint32_t generation = connection->generation + 1;
    connection->~Connection();
    new (connection) Connection();
    connection->slot = slot;
    connection->generation = generation;
    return connection;
  }

  // Gives the slot back. Until it is taken again, the connection is closed.
  void give_back(Connection* connection) { free_.push_back(connection->slot); }

  // Returns null if there is no such slot.
  Connection* find(uint32_t slot) { return slot < slots() ? at(slot) : nullptr; }

  // Calls `visit` with each open connection. `visit` may close it.
  template <class Visit>
  void each_open(Visit visit) {
    for (uint32_t slot = 0; slot < slots(); slot++) {
      if (at(slot)->open()) visit(at(slot));
    }
  }

 private:
  static constexpr uint32_t kChunk = 64;

  uint32_t slots() const { return static_cast<uint32_t>(chunks_.size()) * kChunk; }
  Connection* at(uint32_t slot) { return &chunks_[slot / kChunk][slot % kChunk]; }

  void grow() {
    const uint32_t first = slots();
    chunks_.push_back(std::make_unique<Connection[]>(kChunk));
    for (uint32_t slot = first + kChunk; slot > first; slot--) free_.push_back(slot - 1);
  }

  std::vector<std::unique_ptr<Connection[]>> chunks_;
  std::vector<uint32_t> free_;
};

}  // namespace multisocket

#endif  // MULTISOCKET_CONNECTION_POOL_H_
