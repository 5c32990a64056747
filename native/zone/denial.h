// Which NSEC or NSEC3 records of a signed zone show what its answers deny (RFC 4035 s.3.1.3, RFC 5155 s.7.2).
// lib/zone/proofs.ts gives the same records.
#ifndef MULTISOCKET_DENIAL_H_
#define MULTISOCKET_DENIAL_H_

#include <cstddef>
#include <cstdint>

#include "zone/wire_name.h"
#include "zone/zone_image.h"

namespace multisocket {

// The nodes whose records make up a proof, each once.
class ProofNodes {
 public:
  static constexpr size_t kMost = 32;
  static constexpr uint32_t kBroken = UINT32_MAX;  // the chain has no such record

  void add(uint32_t node) {
    if (node == kBroken || count_ == kMost || has(node)) return;
    nodes_[count_++] = node;
  }
  bool has(uint32_t node) const {
    for (size_t i = 0; i < count_; i++) {
      if (nodes_[i] == node) return true;
    }
    return false;
  }
  const uint32_t* begin() const { return nodes_; }
  const uint32_t* end() const { return nodes_ + count_; }

 private:
  size_t count_ = 0;
  uint32_t nodes_[kMost];
};

// A name that does not exist.
struct MissingName {
  const WireName* name;
  uint32_t encloser;  // the node of its closest encloser
  unsigned closer;    // the label of `name` with which the next closer name begins (RFC 5155 s.1.3)
};

class Denial {
 public:
  // With more iterations, the work is left to the handler (RFC 9276 s.3.2).
  static constexpr uint32_t kMaxIterations = 100;

  explicit Denial(const ZoneImage& zone) : zone_(zone), hashed_(zone.columns().nsec3_sets.size > 0) {}

  // Whether the work for a proof is bounded well enough for a packet.
  static bool is_cheap(const ZoneImage& zone) { return zone.columns().nsec3_iterations <= kMaxIterations; }
  // The type of the records.
  uint32_t type() const;

  // That a name lacks a type, or a delegation lacks DS. An empty non-terminal is such a name, too.
  void no_data(uint32_t node, ProofNodes* nodes) const;
  // That neither a name nor a wildcard for it exists.
  void no_name(const MissingName& missing, ProofNodes* nodes) const;
  // That a name does not exist, so that a wildcard answers for it.
  void expansion(const MissingName& missing, ProofNodes* nodes) const;
  // That a name does not exist, and that the wildcard for it lacks a type.
  void wildcard_no_data(const MissingName& missing, uint32_t wildcard, ProofNodes* nodes) const;

 private:
  template <class Before>
  uint32_t last_owner(Before before) const;
  uint32_t owner_before(uint32_t parent, const uint8_t* label) const;
  uint32_t enclosure(uint32_t encloser, const WireName& closer, ProofNodes* nodes) const;
  uint32_t find(const WireName& name, bool exact) const;
  uint32_t record_of(uint32_t node) const;

  const ZoneImage& zone_;
  const bool hashed_;
};

}  // namespace multisocket

#endif  // MULTISOCKET_DENIAL_H_
