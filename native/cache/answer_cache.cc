#include "cache/answer_cache.h"

#include <utility>

#include "cache/answer_cache_shard.h"
#include "guard/random_key.h"

namespace multisocket {
namespace {

// Enough shards that two threads seldom meet in one. Each is large enough for the longest reply (65,535 octets).
constexpr size_t kMaxShards = 64;
constexpr size_t kMinShardBytes = size_t{1} << 20;

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

AnswerCache::AnswerCache(const Options& options)
    : hash_key_(random_key()),
      payload_size_(options.payload_size),
      added_{options.ignore_nsid},
      first_manner_{options.stale_first, options.looked_up_again},
      shard_count_(1) {
  while (shard_count_ < kMaxShards && shard_count_ * 2 * kMinShardBytes <= options.max_bytes) shard_count_ *= 2;
  shards_ = std::make_unique<AnswerCacheShard[]>(shard_count_);
  Options part = options;
  part.max_bytes = options.max_bytes < sizeof *this ? 0 : (options.max_bytes - sizeof *this) / shard_count_;
  for (size_t i = 0; i < shard_count_; i++) shards_[i].open(part);
}

AnswerCache::~AnswerCache() = default;

AnswerCacheShard& AnswerCache::shard(uint64_t hash) const {
  // The bucket is chosen by other bits of the hash.
  return shards_[hash >> 32 & (shard_count_ - 1)];
}

AnswerCache::Found AnswerCache::look_up(const uint8_t* query, const MessageView& view, const Origin& origin,
                                        uint32_t now, bool allow_stale, uint8_t* out, size_t capacity) {
  return look_up(query, view, origin, now, Manner{allow_stale, false}, out, capacity);
}

AnswerCache::Found AnswerCache::look_up_first(const uint8_t* query, const MessageView& view, const Origin& origin,
                                              uint32_t now, uint8_t* out, size_t capacity) {
  return look_up(query, view, origin, now, first_manner_, out, capacity);
}

AnswerCache::Found AnswerCache::look_up(const uint8_t* query, const MessageView& view, const Origin& origin,
                                        uint32_t now, Manner manner, uint8_t* out, size_t capacity) {
  CacheKey key;
  if (!key.read(query, view, origin.transport, payload_size_, added_)) {
    if (!manner.leaves_misses) shards_[0].count_miss();
    return {};
  }
  AnswerCacheShard* last = &shards_[0];
  const unsigned variations = variations_.load(std::memory_order_relaxed);
  for (unsigned vary_by = kVariations; vary_by-- > 0;) {
    if ((variations >> vary_by & 1) == 0 || !key.vary(static_cast<uint8_t>(vary_by), origin)) continue;
    const uint64_t hashed = hash(key);
    last = &shard(hashed);
    const Found found = last->look_up(key, hashed, query, view, now, manner, out, capacity);
    if (found.length != 0) return found;
    if (found.refresh) {
      last->count_miss();
      return found;
    }
  }
  if (!manner.leaves_misses) last->count_miss();
  return {};
}

bool AnswerCache::store(const uint8_t* query, const MessageView& view, const Origin& origin, const Answer& answer,
                        uint32_t now) {
  uint8_t vary_by = answer.vary_by & (kVariations - 1);
  if (vary_by & kVaryByClientAddress) vary_by &= static_cast<uint8_t>(~kVaryByClientNetwork);
  CacheKey key;
  if (!key.read(query, view, origin.transport, payload_size_, added_) || !key.vary(vary_by, origin)) return false;
  CachedAnswer::Owner made = CachedAnswer::make(key, query, view, origin.transport, payload_size_, answer, now);
  if (made == nullptr) return false;
  const uint64_t hashed = hash(key);
  // The shard checks the generation under its lock. A clear changes the generation before it takes the lock.
  if (!shard(hashed).store(std::move(made), hashed, now, generation_, answer.generation)) return false;
  variations_.fetch_or(static_cast<uint8_t>(1U << vary_by), std::memory_order_relaxed);
  return true;
}

size_t AnswerCache::clear() {
  generation_.fetch_add(1, std::memory_order_acq_rel);
  size_t removed = 0;
  for (size_t i = 0; i < shard_count_; i++) {
    removed += shards_[i].clear([](const CachedAnswer&) { return true; });
  }
  return removed;
}

size_t AnswerCache::clear(const uint8_t* name, size_t length, bool subtree) {
  generation_.fetch_add(1, std::memory_order_acq_rel);
  size_t removed = 0;
  for (size_t i = 0; i < shard_count_; i++) {
    removed +=
        shards_[i].clear([&](const CachedAnswer& answer) { return name_matches(answer.key(), name, length, subtree); });
  }
  return removed;
}

AnswerCache::Counters AnswerCache::counters() const {
  Counters sum;
  sum.bytes = sizeof *this;
  for (size_t i = 0; i < shard_count_; i++) shards_[i].add_counters(&sum);
  return sum;
}

}  // namespace multisocket
