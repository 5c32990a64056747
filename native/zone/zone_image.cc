#include "zone/zone_image.h"

namespace multisocket {
namespace {

constexpr size_t kHashSize = 20;  // of NSEC3: SHA-1
constexpr size_t kMaxSalt = 255;

}  // namespace

bool ZoneImage::fits(const ZoneColumns& columns) {
  const size_t rows = columns.heads.size;
  return rows > 0 && (rows & (rows - 1)) == 0 && columns.nodes.size >= kFields && columns.nodes.size % kFields == 0 &&
         columns.sets.size >= kSetFields && columns.sets.size % kSetFields == 0 && columns.octets.size > 0 &&
         columns.nsec3_hashes.size == kHashSize * columns.nsec3_sets.size && columns.nsec3_salt.size <= kMaxSalt;
}

bool ZoneImage::is_name(uint32_t node) const {
  if (field(node, kChildren) != 0) return true;
  uint32_t set = first(node);
  while (set != kNoSet && (type(set) == kTypeNsec3 || type(set) == signature_type(kTypeNsec3))) set = next(set);
  return set != kNoSet;
}

// As NameTree.#hash.
uint32_t ZoneImage::row_of(uint32_t node, const uint8_t* label) const {
  uint32_t hash = columns_.seed ^ (node * 0x9e3779b1U);
  for (size_t i = 1; i <= label[0]; i++) hash = ((hash ^ label[i]) * 0x01000193U) ^ (hash >> 13);
  hash ^= hash >> 15;
  return hash & static_cast<uint32_t>(columns_.heads.size - 1);
}

// As NameTree.#find.
uint32_t ZoneImage::child(uint32_t node, const uint8_t* label) const {
  const size_t length = label[0];
  uint32_t found = columns_.heads.data[row_of(node, label)];
  for (; found != kNone; found = field(found, kNext)) {
    if (field(found, kParent) != node) continue;
    const uint8_t* own = this->label(found);
    if (own[0] == length && memcmp(own + 1, label + 1, length) == 0) break;
  }
  return found != kNone && is_name(found) ? found : kNone;
}

uint32_t ZoneImage::wildcard(uint32_t node) const {
  constexpr uint8_t kStar[] = {1, '*'};
  return child(node, kStar);
}

ZoneImage::Place ZoneImage::place(const WireName& name) const {
  uint32_t node = kTop;
  for (unsigned left = name.labels() - origin().labels();; left--) {
    if (node != kTop && find(node, kTypeNs) != kNoSet) return {Place::kCut, node, left};
    if (left == 0) return {Place::kName, node, 0};
    if (find(node, kTypeDname) != kNoSet) return {Place::kDname, node, left};
    const uint32_t next = child(node, name.from(left - 1));
    if (next == kNone) return {Place::kNothing, node, left};
    node = next;
  }
}

uint32_t ZoneImage::at(const WireName& name) const {
  uint32_t node = kTop;
  for (unsigned left = name.labels() - origin().labels(); left > 0; left--) {
    node = child(node, name.from(left - 1));
    if (node == kNone) return kNone;
  }
  return node;
}

void ZoneImage::name_of(uint32_t node, WireName* name) const {
  uint8_t octets[kMaxName];
  size_t length = 0;
  for (uint32_t at = node; at != kTop; at = field(at, kParent)) {
    const uint8_t* label = this->label(at);
    if (length + label[0] + 1U + origin().size() > kMaxName) break;  // no such name was added
    memcpy(octets + length, label, label[0] + 1U);
    length += label[0] + 1U;
  }
  memcpy(octets + length, origin().data(), origin().size());
  name->read(octets, length + origin().size());
}

}  // namespace multisocket
