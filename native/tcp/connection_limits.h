// The connections of a server, counted in memory that its workers share. Each worker writes its own row and reads all
// rows. lib/worker/stream/connection-limits.ts has the same layout and counts the connections that Node accepts.
#ifndef MULTISOCKET_CONNECTION_LIMITS_H_
#define MULTISOCKET_CONNECTION_LIMITS_H_

#include <cstddef>
#include <cstdint>

namespace multisocket {

class ConnectionLimits {
 public:
  enum class Admission { kYes, kFull, kClientFull };
  // No client has it.
  static constexpr uint32_t kNoBucket = 0;

  // `memory`: a key, then a row of kRow words for each worker, `words` in all. It must outlive this object. `worker`:
  // number of this worker's row. `most`, `most_of_client`: the highest numbers of connections.
  ConnectionLimits(int32_t* memory, size_t words, uint32_t worker, uint32_t most, uint32_t most_of_client)
      : memory_(memory), words_(words), row_(kKey + worker * kRow), most_(most), most_of_client_(most_of_client) {}

  // The size of the memory for this many workers.
  static constexpr size_t words_for(size_t workers) { return kKey + workers * kRow; }
  // Returns the bucket of a client: of its IPv4 address, or of its IPv6 /64 (RFC 6177). `address`: 16 octets, IPv4
  // addresses mapped to IPv6.
  uint32_t bucket_of(const uint8_t* address) const;
  // Counts a connection, if there is room for it. kNoBucket: it counts in the total only.
  Admission add(uint32_t bucket);
  // Counts a connection that is in the total already in its bucket too, if there is room in that.
  Admission add_client(uint32_t bucket);
  void remove(uint32_t bucket);

 private:
  static constexpr size_t kLine = 16;  // words
  static constexpr size_t kBuckets = 4096;
  // A row has the total, the buckets, and room so that no cache line has counts of two workers.
  static constexpr size_t kRow = kLine + kBuckets;
  static constexpr size_t kKey = kLine;

  uint32_t sum(size_t position) const;

  int32_t* memory_;
  size_t words_;
  size_t row_;
  uint32_t most_;
  uint32_t most_of_client_;
};

}  // namespace multisocket

#endif  // MULTISOCKET_CONNECTION_LIMITS_H_
