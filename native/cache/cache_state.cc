#include "cache/cache_state.h"

#include <algorithm>

#include "cache/answer_cache_shard.h"
#include "guard/random_key.h"

namespace multisocket {
namespace {

// Enough shards that two writers seldom meet in one. Each is large enough for the longest reply (65,535 octets).
constexpr size_t kMaxShards = 32;
constexpr size_t kMinShardBytes = size_t{1} << 20;
constexpr size_t kShardAlignment = 64;
constexpr size_t kMaxMemory = (size_t{1} << 32) * BlockArena::kGranule;  // what a Place can reach

// Returns whether a key's name equals `name` or, with `subtree`, is below it. Both names are in wire format.
bool name_matches(const uint8_t* key, const uint8_t* name, size_t length, bool subtree) {
  const auto lower = [](uint8_t octet) { return octet >= 'A' && octet <= 'Z' ? octet | 0x20 : octet; };
  const uint8_t* at = CacheKey::name(key);
  size_t left = CacheKey::name_length(key);
  while (subtree && left > length) {
    left -= *at + 1U;
    at += *at + 1U;
  }
  if (left != length) return false;
  for (size_t i = 0; i < length; i++) {
    if (at[i] != lower(name[i])) return false;
  }
  return true;
}

}  // namespace

CacheState::CacheState(const CacheOptions& options) : options_(options), hash_key_(random_key()) {
  while (layout_.count < kMaxShards && layout_.count * 2 * kMinShardBytes <= options.max_bytes) layout_.count *= 2;
  shards_ = std::make_unique<AnswerCacheShard[]>(layout_.count);
  const size_t fixed = sizeof *this + layout_.count * sizeof(AnswerCacheShard);
  size_t left = options.max_bytes < fixed ? 0 : std::min(options.max_bytes - fixed, kMaxMemory);
  // Linux refuses more than the machine has, even if the cache would never use it.
  for (; left > 0 && memory_.data() == nullptr; left /= 2) {
    layout_.size = left / layout_.count / kShardAlignment * kShardAlignment;
    memory_ = SharedMapping(layout_.size * layout_.count);
  }
  if (memory_.data() == nullptr) return;
  for (size_t i = 0; i < layout_.count; i++) shards_[i].open(this, i);
}

CacheState::~CacheState() = default;

ReaderNotes* CacheState::claim_notes() {
  const bool counts_hits = options_.prefetch_hits != 0;
  return notes_.claim([&] {
    notes_size_.fetch_add(ReaderNotes::size_of(memory_.size(), counts_hits), std::memory_order_relaxed);
    return new ReaderNotes(memory_.size(), counts_hits);
  });
}

bool CacheState::store(const AnswerDraft& draft, uint32_t now, uint32_t generation) {
  if (memory_.data() == nullptr) return false;
  const uint64_t hash = siphash<1, 3>(hash_key_, draft.key().data(), draft.key().size());
  AnswerCacheShard& shard = shards_[layout_.number(hash)];
  // The shard checks the generation under its lock. A clear changes the generation before it takes the lock.
  const size_t others = notes_size_.load(std::memory_order_relaxed) / layout_.count;
  if (!shard.store(draft, CacheShards::low(hash), now, others, generation)) return false;
  const uint8_t variation = static_cast<uint8_t>(1U << draft.key().variation());
  if ((variations() & variation) == 0) variations_.fetch_or(variation, std::memory_order_relaxed);
  if (draft.scope() >= 0) {
    const auto prefix = static_cast<unsigned>(draft.scope());
    scopes_[prefix / 64].fetch_or(uint64_t{1} << prefix % 64, std::memory_order_relaxed);
    scoped_.store(true, std::memory_order_relaxed);
  }
  return true;
}

template <class Matches>
size_t CacheState::clear_where(const Matches& matches) {
  generation_.fetch_add(1, std::memory_order_acq_rel);
  size_t removed = 0;
  if (memory_.data() == nullptr) return removed;
  for (size_t i = 0; i < layout_.count; i++) removed += shards_[i].clear(matches);
  return removed;
}

size_t CacheState::clear() {
  return clear_where([](const CachedAnswer&) { return true; });
}

size_t CacheState::clear(const uint8_t* name, size_t length, bool subtree) {
  return clear_where([&](const CachedAnswer& answer) { return name_matches(answer.key(), name, length, subtree); });
}

bool CacheState::claim_refresh(CachedAnswer::Place place, uint32_t age) {
  std::atomic<uint32_t>& next = CachedAnswer::at(memory_.data(), place)->refresh_age;
  uint32_t seen = next.load(std::memory_order_relaxed);
  return age >= seen && next.compare_exchange_strong(seen, age + options_.refresh_interval, std::memory_order_relaxed);
}

CacheCounters CacheState::counters() {
  CacheCounters sum;
  sum.bytes = sizeof *this + layout_.count * sizeof(AnswerCacheShard) + notes_size_.load(std::memory_order_relaxed);
  for (size_t i = 0; i < layout_.count && memory_.data() != nullptr; i++) shards_[i].add_counters(&sum);
  notes_.each([&](const ReaderNotes& notes) {
    sum.hits += notes.hits.value();
    sum.stale_hits += notes.stale_hits.value();
    sum.misses += notes.misses.value();
  });
  return sum;
}

}  // namespace multisocket
