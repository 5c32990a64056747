#include "cache/reader_notes.h"

namespace multisocket {
namespace {

constexpr size_t kMaxCounted = 4096;
constexpr size_t kAnswerOctetsPerCounted = 4096;

size_t used_size(size_t answers_size) { return (answers_size / BlockArena::kMinBlock / 32 + 1) * sizeof(uint32_t); }

// A power of two.
size_t counted_size(size_t answers_size) {
  size_t places = 1;
  while (places < kMaxCounted && places * 2 * kAnswerOctetsPerCounted <= answers_size) places *= 2;
  return places * sizeof(ReaderNotes::Hits);
}

}  // namespace

static_assert(std::atomic<ReaderNotes::Hits>::is_always_lock_free, "a note is one word");

ReaderNotes::ReaderNotes(size_t answers_size, bool counts_hits) : used_(used_size(answers_size)) {
  if (counts_hits) counted_ = SharedMapping(counted_size(answers_size));
}

size_t ReaderNotes::size_of(size_t answers_size, bool counts_hits) {
  return sizeof(ReaderNotes) + used_size(answers_size) + (counts_hits ? counted_size(answers_size) : 0);
}

std::atomic<ReaderNotes::Hits>& ReaderNotes::counted(uint32_t hash) const {
  const size_t mask = counted_.size() / sizeof(Hits) - 1;
  return reinterpret_cast<std::atomic<Hits>*>(counted_.data())[hash & mask];
}

ReaderNotes::Hits ReaderNotes::hits_of(uint32_t hash, uint32_t now, uint32_t gap) const {
  const Hits none = {hash, 0, static_cast<uint16_t>(now)};
  if (counted_.data() == nullptr) return none;
  const Hits hits = counted(hash).load(std::memory_order_relaxed);
  const auto idle = static_cast<uint16_t>(now - hits.last);
  return hits.hash != hash || (gap != 0 && idle >= gap) ? none : hits;
}

void ReaderNotes::note_hits(const Hits& hits, uint32_t gap) {
  if (counted_.data() == nullptr) return;
  Hits there = counted(hits.hash).load(std::memory_order_relaxed);
  const auto idle = static_cast<uint16_t>(hits.last - there.last);
  const bool stays = there.hash != hits.hash && there.count > 1 && (gap == 0 || idle < gap);
  if (stays) there.count--;
  counted(hits.hash).store(stays ? there : hits, std::memory_order_relaxed);
}

}  // namespace multisocket
