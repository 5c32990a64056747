#include "cache/block_arena.h"

#include <algorithm>

namespace multisocket {
namespace {

constexpr uint32_t kMinGranules = BlockArena::kMinBlock / BlockArena::kGranule;

}  // namespace

void BlockArena::open(uint8_t* base, size_t start, size_t end) {
  base_ = base;
  const size_t first = (start + kGranule - 1) / kGranule;
  const size_t last = end / kGranule;
  // A header at the end stands for a block in use, so that the last block has a neighbour.
  if (base == nullptr || last < first + 1 + kMinGranules) return;
  const auto place = static_cast<Place>(first);
  *header(place) = {};
  resize(place, static_cast<uint32_t>(last - first - 1));
  header(static_cast<Place>(last - 1))->size = 1;
  capacity_ = size_of(place);
  list(place);
}

uint32_t BlockArena::granules(size_t octets) {
  const size_t needed = (octets + kHeaderSize + kGranule - 1) / kGranule;
  return std::max(static_cast<uint32_t>(needed), kMinGranules);
}

// Two classes for each power of two.
unsigned BlockArena::class_of(uint32_t granules) {
  const unsigned log = 31U - static_cast<unsigned>(__builtin_clz(granules));
  return 2 * log + (log == 0 ? 0 : granules >> (log - 1) & 1);
}

BlockArena::Place BlockArena::allocate(size_t octets) {
  const uint32_t wanted = granules(octets);
  const Place place = find(wanted);
  if (place == 0) return 0;
  unlist(place);
  const uint32_t rest = header(place)->size - wanted;
  if (rest >= kMinGranules) {
    resize(place, wanted);
    *header(place + wanted) = {rest, 0, wanted};
    resize(place + wanted, rest);
    list(place + wanted);
  }
  return place;
}

void BlockArena::release(Place place) {
  const Place after = place + header(place)->size;
  if (header(after)->free) {
    unlist(after);
    resize(place, header(place)->size + header(after)->size);
  }
  const Place before = place - header(place)->size_before;
  if (before != place && header(before)->free) {
    unlist(before);
    resize(before, header(before)->size + header(place)->size);
    place = before;
  }
  list(place);
}

BlockArena::Place BlockArena::find(uint32_t wanted) const {
  const unsigned fitting = class_of(wanted);
  // In this list some blocks are too small. In the later lists none is.
  Place place = lists_[fitting];
  for (unsigned tries = 0; place != 0 && tries < kTries; tries++, place = links(place)->next) {
    if (header(place)->size >= wanted) return place;
  }
  const uint64_t larger = listed_ & ~((uint64_t{2} << fitting) - 1);
  return larger == 0 ? 0 : lists_[__builtin_ctzll(larger)];
}

void BlockArena::list(Place place) {
  const unsigned fitting = class_of(header(place)->size);
  header(place)->free = 1;
  *links(place) = {lists_[fitting], 0};
  if (lists_[fitting] != 0) links(lists_[fitting])->before = place;
  lists_[fitting] = place;
  listed_ |= uint64_t{1} << fitting;
}

void BlockArena::unlist(Place place) {
  const unsigned fitting = class_of(header(place)->size);
  const Links own = *links(place);
  header(place)->free = 0;
  (own.before == 0 ? lists_[fitting] : links(own.before)->next) = own.next;
  if (own.next != 0) links(own.next)->before = own.before;
  if (lists_[fitting] == 0) listed_ &= ~(uint64_t{1} << fitting);
}

void BlockArena::resize(Place place, uint32_t size) {
  header(place)->size = size;
  header(place + size)->size_before = size;
}

}  // namespace multisocket
