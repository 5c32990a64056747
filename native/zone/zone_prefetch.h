// Fetches what the answers to a batch of queries read of large zones into the caches of the CPU: the memory accesses of
// one look-up depend on each other, but those of different queries can overlap.
#ifndef MULTISOCKET_ZONE_PREFETCH_H_
#define MULTISOCKET_ZONE_PREFETCH_H_

#include <cstddef>
#include <cstdint>

#include "message/layout.h"
#include "zone/zone_table.h"

namespace multisocket {

class ZonePrefetch {
 public:
  // Adds a message of `length` octets, which need not be a valid query. At most layout::kBatchSize messages may be
  // added before fetch(). Returns whether there is something to fetch for it.
  bool add(const ZoneTable& zones, const uint8_t* message, size_t length);
  // Fetches for the added messages and forgets them.
  void fetch();

 private:
  struct Lookup {
    const ZoneImage* image;
    uint32_t at;  // what the next stage takes
  };

  size_t count_ = 0;
  Lookup lookups_[layout::kBatchSize];
};

}  // namespace multisocket

#endif  // MULTISOCKET_ZONE_PREFETCH_H_
