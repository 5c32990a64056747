#include "answer_cache_shard.h"

#include <algorithm>
#include <utility>

namespace multisocket {
namespace {

// A small answer costs about 160: in a full table of such, a bucket has one or two.
constexpr size_t kBytesPerBucket = 128;
// A lock is held for the time of a copy. Whoever still has it after so many looks has been taken off its processor.
constexpr int kLockAttempts = 64;
constexpr uint32_t kStaleTtl = 30;         // seconds (RFC 8767 s.4)
constexpr uint32_t kRefreshInterval = 30;  // seconds; RFC 8767 s.5 asks no sooner after a failure

bool lock_soon(std::unique_lock<std::mutex>* lock) {
  for (int attempt = 0; attempt < kLockAttempts; attempt++) {
    if (lock->try_lock()) return true;
  }
  return false;
}

}  // namespace

AnswerCacheShard::~AnswerCacheShard() {
  while (oldest_ != nullptr) remove(oldest_);
}

void AnswerCacheShard::open(const AnswerCache::Options& options) {
  options_ = options;
  bucket_count_ = 1;
  while (bucket_count_ < (1U << 30) && bucket_count_ * (2 * kBytesPerBucket) <= options.max_bytes) bucket_count_ *= 2;
  buckets_ = std::make_unique<CachedAnswer*[]>(bucket_count_);
  add(&bytes_, empty_size());
}

AnswerCache::Found AnswerCacheShard::look_up(const CacheKey& key, uint64_t hash, const uint8_t* query,
                                             const MessageView& view, uint32_t now, bool allow_stale, uint8_t* out,
                                             size_t capacity) {
  AnswerCache::Found found;
  std::unique_lock<std::mutex> lock(mutex_, std::defer_lock);
  if (!lock_soon(&lock)) {
    contended_.fetch_add(1, std::memory_order_relaxed);
    return found;
  }
  CachedAnswer* answer = find(key.data(), key.size(), bucket_of(hash));
  if (answer == nullptr || answer->reply_length(view) > capacity) return found;
  const uint32_t age = answer->age(now);
  found.stale = age >= answer->lifetime();
  if (found.stale) {
    const bool usable = allow_stale && answer->says_data() && age - answer->lifetime() < options_.serve_stale_seconds;
    if (!usable) return {};
  }
  if (options_.prefetch_gap != 0 && age - answer->last_hit_age >= options_.prefetch_gap) answer->hits = 0;
  answer->last_hit_age = age;
  answer->hits++;
  answer->visited = true;
  found.refresh = take_refresh(answer, age);
  if (found.refresh) return found;
  if (found.stale) add(&stale_hits_, 1);
  add(&hits_, 1);
  found.length = answer->reply_length(view);
  found.options = answer->options_length();
  // What is stale is given with the TTLs it came with, as far as these are not above the 30 seconds.
  answer->write(query, view, found.stale || options_.keep_ttl ? 0 : age, found.stale ? kStaleTtl : UINT32_MAX, out);
  return found;
}

bool AnswerCacheShard::take_refresh(CachedAnswer* answer, uint32_t age) const {
  const uint32_t lifetime = answer->lifetime();
  if (age < lifetime) {
    const bool near = (lifetime - age) * uint64_t{100} <= lifetime * uint64_t{options_.prefetch_percent};
    if (options_.prefetch_hits == 0 || answer->hits < options_.prefetch_hits || !near) return false;
  }
  if (age < answer->refresh_age) return false;
  answer->refresh_age = age + kRefreshInterval;
  return true;
}

bool AnswerCacheShard::store(CachedAnswer::Owner answer, uint64_t hash, uint32_t now) {
  const size_t cost = answer->cost();
  const std::lock_guard<std::mutex> lock(mutex_);
  if (empty_size() + cost > options_.max_bytes) return false;
  answer->bucket = bucket_of(hash);
  CachedAnswer* old = find(answer->key(), answer->key_length(), answer->bucket);
  if (old != nullptr) {
    answer->visited = old->visited;  // a name does not become less asked for by being refreshed
    remove(old);
  }
  while (bytes_.load(std::memory_order_relaxed) + cost > options_.max_bytes) {
    evict(now);
    add(&evictions_, 1);
  }
  insert(answer.release());
  add(&stores_, 1);
  return true;
}

size_t AnswerCacheShard::clear(const std::function<bool(const CachedAnswer&)>& matches) {
  size_t removed = 0;
  const std::lock_guard<std::mutex> lock(mutex_);
  for (CachedAnswer* answer = oldest_; answer != nullptr;) {
    CachedAnswer* next = answer->newer;
    if (matches(*answer)) {
      remove(answer);
      removed++;
    }
    answer = next;
  }
  return removed;
}

void AnswerCacheShard::add_counters(AnswerCache::Counters* to) const {
  const auto read = [](const Counter& counter) { return counter.load(std::memory_order_relaxed); };
  to->hits += read(hits_);
  to->stale_hits += read(stale_hits_);
  to->misses += read(misses_);
  to->contended += read(contended_);
  to->stores += read(stores_);
  to->evictions += read(evictions_);
  to->bytes += read(bytes_);
  to->entries += read(entries_);
}

CachedAnswer* AnswerCacheShard::find(const uint8_t* key, size_t length, uint32_t bucket) const {
  CachedAnswer* answer = buckets_[bucket];
  while (answer != nullptr && !answer->has_key(key, length)) answer = answer->next;
  return answer;
}

void AnswerCacheShard::insert(CachedAnswer* answer) {
  answer->next = std::exchange(buckets_[answer->bucket], answer);
  answer->older = newest_;
  (newest_ == nullptr ? oldest_ : newest_->newer) = answer;
  newest_ = answer;
  add(&bytes_, answer->cost());
  add(&entries_, 1);
}

void AnswerCacheShard::remove(CachedAnswer* answer) {
  CachedAnswer** link = &buckets_[answer->bucket];
  while (*link != answer) link = &(*link)->next;
  *link = answer->next;
  if (hand_ == answer) hand_ = answer->newer;
  (answer->older == nullptr ? oldest_ : answer->older->newer) = answer->newer;
  (answer->newer == nullptr ? newest_ : answer->newer->older) = answer->older;
  add(&bytes_, -answer->cost());
  add(&entries_, -uint64_t{1});
  CachedAnswer::Free()(answer);
}

void AnswerCacheShard::evict(uint32_t now) {
  if (hand_ == nullptr) hand_ = oldest_;
  // What nobody can be given any more goes at once, however often it was asked for.
  const auto over = [&](const CachedAnswer& answer) {
    return answer.age(now) >= uint64_t{answer.lifetime()} + options_.serve_stale_seconds;
  };
  while (hand_->visited && !over(*hand_)) {
    hand_->visited = false;
    hand_ = hand_->newer == nullptr ? oldest_ : hand_->newer;
  }
  remove(hand_);
}

}  // namespace multisocket
