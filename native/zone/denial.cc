#include "zone/denial.h"

#include <algorithm>
#include <cstring>

#include "message/wire.h"
#include "zone/sha1.h"

namespace multisocket {
namespace {

constexpr uint8_t kStar[] = {1, '*'};

int compare_labels(const uint8_t* one, const uint8_t* other) {
  const int order = memcmp(one + 1, other + 1, std::min(one[0], other[0]));
  return order != 0 ? order : one[0] - other[0];
}

unsigned depth_of(const ZoneImage& zone, uint32_t node) {
  unsigned depth = 0;
  for (; node != ZoneImage::kTop; node = zone.parent(node)) depth++;
  return depth;
}

uint32_t above(const ZoneImage& zone, uint32_t node, unsigned levels) {
  for (; levels > 0; levels--) node = zone.parent(node);
  return node;
}

// The canonical order of two nodes (RFC 4034 s.6.1): below 0 if `one` is the first.
int compare_nodes(const ZoneImage& zone, uint32_t one, uint32_t other) {
  const unsigned depth = depth_of(zone, one);
  const unsigned other_depth = depth_of(zone, other);
  uint32_t a = above(zone, one, depth > other_depth ? depth - other_depth : 0);
  uint32_t b = above(zone, other, other_depth > depth ? other_depth - depth : 0);
  if (a == b) return static_cast<int>(depth) - static_cast<int>(other_depth);
  while (zone.parent(a) != zone.parent(b)) {
    a = zone.parent(a);
    b = zone.parent(b);
  }
  return compare_labels(zone.label(a), zone.label(b));
}

// The canonical order of a node and of a name that is no node: `label` right below `parent`, at depth `depth`.
int compare_to_child(const ZoneImage& zone, uint32_t node, uint32_t parent, unsigned depth, const uint8_t* label) {
  const unsigned own = depth_of(zone, node);
  if (own > depth) {
    const uint32_t sibling = above(zone, node, own - depth - 1);
    return zone.parent(sibling) == parent ? compare_labels(zone.label(sibling), label)
                                          : compare_nodes(zone, node, parent);
  }
  const int order = compare_nodes(zone, node, parent);
  return order != 0 ? order : -1;
}

}  // namespace

// The last owner of an NSEC that is before a place.
template <class Before>
uint32_t Denial::last_owner(Before before) const {
  const Column<uint32_t>& order = zone_.columns().order;
  const uint32_t* found = std::partition_point(order.data, order.data + order.size, before);
  return found == order.data ? ProofNodes::kBroken : found[-1];
}

uint32_t Denial::type() const { return hashed_ ? kTypeNsec3 : kTypeNsec; }

void Denial::no_data(uint32_t node, ProofNodes* nodes) const {
  if (!hashed_) {
    // An empty non-terminal has no record: the one before it has a next name below it.
    if (zone_.find(node, kTypeNsec) != ZoneImage::kNoSet) {
      nodes->add(node);
    } else {
      nodes->add(last_owner([&](uint32_t owner) { return compare_nodes(zone_, owner, node) <= 0; }));
    }
    return;
  }
  const uint32_t record = record_of(node);
  nodes->add(record);
  if (record != ProofNodes::kBroken || node == ZoneImage::kTop) return;
  // Opt-out leaves delegations without a record (RFC 5155 s.7.2.4), and empty non-terminals above them.
  WireName name;
  zone_.name_of(node, &name);
  enclosure(zone_.parent(node), name, nodes);
}

void Denial::no_name(const MissingName& missing, ProofNodes* nodes) const {
  if (!hashed_) {
    expansion(missing, nodes);
    nodes->add(owner_before(missing.encloser, kStar));
    return;
  }
  WireName closer;
  closer.read(missing.name->from(missing.closer), missing.name->size() - missing.name->start(missing.closer));
  const uint32_t encloser = enclosure(missing.encloser, closer, nodes);
  WireName name;
  zone_.name_of(encloser, &name);
  WireName wildcard;
  if (wildcard.prepend(kStar, name)) nodes->add(find(wildcard, false));
}

void Denial::expansion(const MissingName& missing, ProofNodes* nodes) const {
  const uint8_t* label = missing.name->from(missing.closer);
  if (!hashed_) {
    nodes->add(owner_before(missing.encloser, label));
    return;
  }
  WireName closer;
  closer.read(label, missing.name->size() - missing.name->start(missing.closer));
  nodes->add(find(closer, false));
}

void Denial::wildcard_no_data(const MissingName& missing, uint32_t wildcard, ProofNodes* nodes) const {
  if (!hashed_) {
    expansion(missing, nodes);
  } else {
    WireName closer;
    closer.read(missing.name->from(missing.closer), missing.name->size() - missing.name->start(missing.closer));
    enclosure(missing.encloser, closer, nodes);
  }
  no_data(wildcard, nodes);
}

// The last owner of an NSEC before the place of `label` right below `parent`.
uint32_t Denial::owner_before(uint32_t parent, const uint8_t* label) const {
  const unsigned depth = depth_of(zone_, parent);
  return last_owner([&](uint32_t owner) { return compare_to_child(zone_, owner, parent, depth, label) <= 0; });
}

// Shows the closest encloser that has a record, and that not the name right below it exists (RFC 5155 s.7.2.1).
// `closer`: the name right below `encloser`. Returns the node of the encloser that is shown.
uint32_t Denial::enclosure(uint32_t encloser, const WireName& closer, ProofNodes* nodes) const {
  uint32_t at = encloser;
  unsigned label = 0;
  uint32_t record = record_of(at);
  for (; at != ZoneImage::kTop && record == ProofNodes::kBroken; record = record_of(at)) {
    at = zone_.parent(at);
    label++;
  }
  WireName below;
  below.read(closer.from(label), closer.size() - closer.start(label));
  nodes->add(record);
  nodes->add(find(below, false));
  return at;
}

uint32_t Denial::record_of(uint32_t node) const {
  WireName name;
  zone_.name_of(node, &name);
  return find(name, true);
}

// The node that owns the NSEC3 with the hash of a name, or, if not `exact`, that which covers the hash.
uint32_t Denial::find(const WireName& name, bool exact) const {
  const ZoneColumns& columns = zone_.columns();
  const size_t salt = columns.nsec3_salt.size;
  uint8_t hashed[kMaxName + kMaxName];
  memcpy(hashed, name.data(), name.size());
  size_t length = name.size();
  for (uint32_t i = 0; i <= columns.nsec3_iterations; i++) {
    if (salt > 0) memcpy(hashed + length, columns.nsec3_salt.data, salt);
    sha1(hashed, length + salt, hashed);
    length = kSha1Size;
  }
  size_t low = 0;
  size_t high = columns.nsec3_sets.size;
  while (low < high) {
    const size_t middle = (low + high) / 2;
    if (memcmp(columns.nsec3_hashes.data + middle * kSha1Size, hashed, kSha1Size) <= 0) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  const bool is_exact = low > 0 && memcmp(columns.nsec3_hashes.data + (low - 1) * kSha1Size, hashed, kSha1Size) == 0;
  if (is_exact != exact) return ProofNodes::kBroken;
  // The last hash precedes the first one.
  return columns.nsec3_sets.data[low == 0 ? columns.nsec3_sets.size - 1 : low - 1];
}

}  // namespace multisocket
