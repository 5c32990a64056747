// One version of a zone, in memory that all threads of the process read and nobody changes. lib/zone/zone-image.ts,
// name-tree.ts and rrsets.ts make the memory and say what it holds.
#ifndef MULTISOCKET_ZONE_IMAGE_H_
#define MULTISOCKET_ZONE_IMAGE_H_

#include <cstddef>
#include <cstdint>

#include "message/wire.h"
#include "zone/wire_name.h"

namespace multisocket {

// Numbers or octets that something else owns.
template <class Type>
struct Column {
  const Type* data = nullptr;
  size_t size = 0;
};

// The columns of an image, with the names of ZoneImage in lib/zone/zone-image.ts.
struct ZoneColumns {
  WireName origin;
  uint32_t seed = 0;
  Column<uint32_t> heads;
  Column<uint32_t> nodes;
  Column<uint8_t> labels;
  Column<uint32_t> sets;
  Column<uint8_t> octets;
  Column<uint32_t> order;
  Column<uint8_t> nsec3_hashes;
  Column<uint32_t> nsec3_sets;
  uint32_t nsec3_iterations = 0;
  Column<uint8_t> nsec3_salt;
};

// A record's RDATA.
struct Rdata {
  const uint8_t* data;
  size_t size;
};

class ZoneImage {
 public:
  static constexpr uint32_t kTop = 0;   // the node of the origin
  static constexpr uint32_t kNone = 0;  // no child
  static constexpr uint32_t kNoSet = 0;

  // Where a name leads to, from the top of the zone downwards.
  struct Place {
    enum Kind { kName, kCut, kDname, kNothing };
    Kind kind;
    uint32_t node;    // of the name, the cut or the DNAME; kNothing: of the closest encloser (RFC 4592 s.3.3.1)
    unsigned labels;  // of the looked-up name that are below the node
  };

  // Returns whether the sizes of the columns fit together. The contents are trusted: this process has made them.
  static bool fits(const ZoneColumns& columns);

  // `columns`: of which fits() is true. Their memory must outlive this object.
  explicit ZoneImage(const ZoneColumns& columns) : columns_(columns) {}

  const WireName& origin() const { return columns_.origin; }
  const ZoneColumns& columns() const { return columns_; }
  bool is_signed() const { return columns_.order.size > 0 || columns_.nsec3_sets.size > 0; }

  // The type of the set that has the signatures of a type (lib/zone/rrsets.ts).
  static constexpr uint32_t signature_type(uint32_t covered) { return uint32_t{kTypeRrsig} << 16 | covered; }
  static constexpr bool is_signature(uint32_t set_type) { return set_type >> 16 != 0; }

  // Whether a node is a name of the zone. The owner of an NSEC3 record alone is not (RFC 5155 s.7.2.8).
  bool is_name(uint32_t node) const;
  uint32_t parent(uint32_t node) const { return field(node, kParent); }
  // The length octet and the octets of a node's label.
  const uint8_t* label(uint32_t node) const { return columns_.labels.data + field(node, kLabel); }
  // The first set of a node; kNoSet: none.
  uint32_t first(uint32_t node) const { return field(node, kValue); }
  // The set of a type at a node; kNoSet: none.
  uint32_t find(uint32_t node, uint32_t type) const {
    uint32_t set = first(node);
    while (set != kNoSet && set_field(set, kType) != type) set = set_field(set, kNextSet);
    return set;
  }
  uint32_t type(uint32_t set) const { return set_field(set, kType); }
  // The next set of the same node.
  uint32_t next(uint32_t set) const { return set_field(set, kNextSet); }
  uint32_t ttl(uint32_t set) const { return set_field(set, kTtl); }

  // Calls `visit(Rdata)` for each record of a set until one call returns false. Returns whether none has.
  template <class Visit>
  bool each(uint32_t set, Visit visit) const {
    const uint8_t* at = columns_.octets.data + set_field(set, kAt);
    const uint8_t* end = at + set_field(set, kUsed);
    while (at < end) {
      const size_t size = static_cast<size_t>(at[0] << 8 | at[1]);
      if (!visit(Rdata{at + 2, size})) return false;
      at += 2 + size;
    }
    return true;
  }
  // The first record of a set.
  Rdata rdata(uint32_t set) const {
    const uint8_t* at = columns_.octets.data + set_field(set, kAt);
    return {at + 2, static_cast<size_t>(at[0] << 8 | at[1])};
  }

  // Whether the zone is likely to exceed the caches of the CPU.
  bool is_large() const { return columns_.nodes.size >= kLarge; }
  // The stages of a look-up, for callers that overlap those of many names. Each has the CPU fetch what the next one
  // reads, and returns what it takes: the row of a label below a node, the first node of the row, its first set.
  uint32_t fetch_row(uint32_t node, const uint8_t* label) const {
    const uint32_t row = row_of(node, label);
    __builtin_prefetch(columns_.heads.data + row);
    return row;
  }
  uint32_t fetch_node(uint32_t row) const {
    const uint32_t node = columns_.heads.data[row];
    fetch_fields(columns_.nodes, node, kFields);
    return node;
  }
  uint32_t fetch_set(uint32_t node) const {
    __builtin_prefetch(label(node));
    fetch_fields(columns_.sets, first(node), kSetFields);
    return first(node);
  }
  void fetch_records(uint32_t set) const { __builtin_prefetch(columns_.octets.data + set_field(set, kAt)); }

  // The child of a node for the label whose length octet is at `label`, in lower case; kNone: no such name.
  uint32_t child(uint32_t node, const uint8_t* label) const;
  // The node of `*` right below a node; kNone: none.
  uint32_t wildcard(uint32_t node) const;
  // Finds a name that is in the zone.
  Place place(const WireName& name) const;
  // The node of a name in the zone, whatever cuts are above it; kNone if it does not exist, or is the origin.
  uint32_t at(const WireName& name) const;
  // Writes the name of a node.
  void name_of(uint32_t node, WireName* name) const;

 private:
  enum Field : uint32_t { kParent, kNext, kLabel, kValue, kChildren, kFields };
  enum SetField : uint32_t { kType, kTtl, kNextSet, kAt, kUsed, kRoom, kSetFields };

  static constexpr size_t kLarge = 1U << 17;  // numbers

  // The row of the hash table for a label below a node.
  uint32_t row_of(uint32_t node, const uint8_t* label) const;
  // Fields of `size` numbers may cross the end of a cache line.
  static void fetch_fields(const Column<uint32_t>& column, uint32_t index, size_t size) {
    __builtin_prefetch(column.data + index * size);
    __builtin_prefetch(column.data + index * size + size - 1);
  }

  uint32_t field(uint32_t node, Field field) const { return columns_.nodes.data[node * size_t{kFields} + field]; }
  uint32_t set_field(uint32_t set, SetField field) const {
    return columns_.sets.data[set * size_t{kSetFields} + field];
  }

  ZoneColumns columns_;
};

}  // namespace multisocket

#endif  // MULTISOCKET_ZONE_IMAGE_H_
