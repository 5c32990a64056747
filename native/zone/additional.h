// The useful additions to an RRset: records of the names that it points to. lib/zone/additional.ts does the same.
#ifndef MULTISOCKET_ADDITIONAL_H_
#define MULTISOCKET_ADDITIONAL_H_

#include <cstddef>
#include <cstdint>

#include "zone/zone_image.h"

namespace multisocket {

// Records that go into the additional section, if the zone has them.
struct Wanted {
  static constexpr size_t kMaxTypes = 3;
  const uint8_t* name = nullptr;  // in wire format, in any case; null: none
  size_t size = 0;
  uint16_t types[kMaxTypes] = {};  // 0: none
};

// Whether records of a type may have useful additions.
bool has_targets(uint32_t type);

// The useful additions to a record of the name `owner`.
Wanted wanted_with(uint32_t type, Rdata rdata, const WireName& owner);

}  // namespace multisocket

#endif  // MULTISOCKET_ADDITIONAL_H_
