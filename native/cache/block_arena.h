// Divides a part of a mapping into blocks. It is not thread-safe: the owner has a lock.
//
// Blocks are next to each other, and each knows its size and that of the block before it, so that free neighbours
// become one. Free blocks are in lists by size. All that the arena writes is inside the mapping, except the heads of
// the lists.
#ifndef MULTISOCKET_BLOCK_ARENA_H_
#define MULTISOCKET_BLOCK_ARENA_H_

#include <cstddef>
#include <cstdint>

namespace multisocket {

class BlockArena {
 public:
  // The place of a block: its distance from the start of the mapping in units of kGranule octets. 0: no block.
  using Place = uint32_t;
  static constexpr size_t kGranule = 16;
  // The smallest block. Two blocks are at least this far apart.
  static constexpr size_t kMinBlock = 64;
  static constexpr size_t kHeaderSize = 8;

  // Takes the octets from `start` to `end` of the mapping at `base`. The start is not 0.
  void open(uint8_t* base, size_t start, size_t end);

  // Returns a block for this many octets, aligned to 8, or 0 if there is none.
  Place allocate(size_t octets);
  void release(Place place);

  // The octets that a block takes, with its header.
  size_t size_of(Place place) const { return header(place)->size * kGranule; }
  // The octets that allocate() needs for a block of `octets`.
  static size_t cost(size_t octets) { return granules(octets) * kGranule; }
  // The octets that can be allocated in all.
  size_t capacity() const { return capacity_; }

  static uint8_t* payload(uint8_t* base, Place place) { return base + place * kGranule + kHeaderSize; }
  static const uint8_t* payload(const uint8_t* base, Place place) { return base + place * kGranule + kHeaderSize; }

 private:
  struct Header {
    uint32_t size : 31;  // in granules
    uint32_t free : 1;
    uint32_t size_before;  // 0: the first block
  };
  // Behind the header of a free block.
  struct Links {
    Place next;
    Place before;
  };
  static constexpr unsigned kClasses = 64;
  static constexpr unsigned kTries = 16;
  static_assert(sizeof(Header) == kHeaderSize, "blocks begin with a header");

  static uint32_t granules(size_t octets);
  static unsigned class_of(uint32_t granules);
  Header* header(Place place) const { return reinterpret_cast<Header*>(base_ + place * kGranule); }
  Links* links(Place place) const { return reinterpret_cast<Links*>(payload(base_, place)); }
  Place find(uint32_t wanted) const;
  void list(Place place);
  void unlist(Place place);
  void resize(Place place, uint32_t size);

  uint8_t* base_ = nullptr;
  size_t capacity_ = 0;
  uint64_t listed_ = 0;  // a bit for each list that is not empty
  Place lists_[kClasses] = {};
};

}  // namespace multisocket

#endif  // MULTISOCKET_BLOCK_ARENA_H_
