// Makes images of zones, as lib/zone/name-tree.ts and rrsets.ts do.
#ifndef MULTISOCKET_TEST_ZONE_BUILDER_H_
#define MULTISOCKET_TEST_ZONE_BUILDER_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "check.h"
#include "zone/zone_image.h"

namespace multisocket::test {

class ZoneBuilder {
 public:
  explicit ZoneBuilder(const std::string& origin) {
    const std::string wire = wire_name(origin);
    CHECK(origin_.read(octets(wire), wire.size()));
  }

  // Adds a record to a name, relative to the origin; "" is the origin.
  void add(const std::string& name, uint32_t type, const std::string& rdata) {
    std::vector<Set>& sets = nodes_[node_of(name)].sets;
    for (Set& set : sets) {
      if (set.type == type) return set.records.push_back(rdata);
    }
    sets.push_back({type, {rdata}});
  }

  // The node of a name, which is made.
  uint32_t node_of(const std::string& name) {
    uint32_t node = 0;
    for (size_t end = name.size(); end > 0 && end != std::string::npos;) {
      const size_t dot = name.rfind('.', end - 1);
      const size_t start = dot == std::string::npos ? 0 : dot + 1;
      node = child_of(node, name.substr(start, end - start));
      end = dot == std::string::npos ? 0 : dot;
    }
    return node;
  }

  void set_order(std::vector<uint32_t> order) { order_ = std::move(order); }
  void set_nsec3(std::string hashes, std::vector<uint32_t> owners, uint32_t iterations, std::string salt) {
    hashes_ = std::move(hashes);
    owners_ = std::move(owners);
    iterations_ = iterations;
    salt_ = std::move(salt);
  }

  // The columns, which belong to this object and are valid until the next call.
  ZoneColumns columns() const {
    fields_.assign(nodes_.size() * 5, 0);
    sets_.assign(6, 0);
    heads_.assign(8, 0);
    labels_.assign(1, '\0');
    octets_.assign(1, '\0');
    for (uint32_t i = 0; i < nodes_.size(); i++) write(i);
    ZoneColumns columns;
    columns.origin = origin_;
    columns.seed = kSeed;
    columns.heads = {heads_.data(), heads_.size()};
    columns.nodes = {fields_.data(), fields_.size()};
    columns.labels = {octets(labels_), labels_.size()};
    columns.sets = {sets_.data(), sets_.size()};
    columns.octets = {octets(octets_), octets_.size()};
    columns.order = {order_.data(), order_.size()};
    columns.nsec3_hashes = {octets(hashes_), hashes_.size()};
    columns.nsec3_sets = {owners_.data(), owners_.size()};
    columns.nsec3_iterations = iterations_;
    columns.nsec3_salt = {octets(salt_), salt_.size()};
    return columns;
  }

 private:
  static constexpr uint32_t kSeed = 12345;
  struct Set {
    uint32_t type;
    std::vector<std::string> records;
  };
  struct Node {
    uint32_t parent;
    std::string label;
    std::vector<Set> sets;
  };

  uint32_t child_of(uint32_t parent, const std::string& label) {
    for (uint32_t i = 1; i < nodes_.size(); i++) {
      if (nodes_[i].parent == parent && nodes_[i].label == label) return i;
    }
    nodes_.push_back({parent, label, {}});
    return static_cast<uint32_t>(nodes_.size() - 1);
  }

  void write(uint32_t number) const {
    const Node& node = nodes_[number];
    uint32_t* fields = fields_.data() + size_t{number} * 5;
    fields[0] = node.parent;
    fields[2] = static_cast<uint32_t>(labels_.size());
    labels_ += static_cast<char>(node.label.size()) + node.label;
    for (auto set = node.sets.rbegin(); set != node.sets.rend(); ++set) {
      std::string records;
      for (const std::string& record : set->records) records += number16(static_cast<unsigned>(record.size())) + record;
      const auto size = static_cast<uint32_t>(records.size());
      const auto at = static_cast<uint32_t>(octets_.size());
      const auto next = fields[3];
      fields[3] = static_cast<uint32_t>(sets_.size() / 6);
      sets_.insert(sets_.end(), {set->type, 300, next, at, size, size});
      octets_ += records;
    }
    if (number == 0) return;
    if (!node.sets.empty()) {
      // Each name above exists once more.
      for (uint32_t at = number; at != 0; at = nodes_[at].parent) fields_[size_t{nodes_[at].parent} * 5 + 4]++;
    }
    uint32_t hash = kSeed ^ (node.parent * 0x9e3779b1U);
    for (const char octet : node.label) hash = ((hash ^ static_cast<uint8_t>(octet)) * 0x01000193U) ^ (hash >> 13);
    hash ^= hash >> 15;
    uint32_t& head = heads_[hash % heads_.size()];
    fields[1] = head;
    head = number;
  }

  WireName origin_;
  std::vector<Node> nodes_ = {{0, "", {}}};
  std::vector<uint32_t> order_;
  std::string hashes_;
  std::vector<uint32_t> owners_;
  uint32_t iterations_ = 0;
  std::string salt_;
  mutable std::vector<uint32_t> fields_;
  mutable std::vector<uint32_t> sets_;
  mutable std::vector<uint32_t> heads_;
  mutable std::string labels_;
  mutable std::string octets_;
};

}  // namespace multisocket::test

#endif  // MULTISOCKET_TEST_ZONE_BUILDER_H_
