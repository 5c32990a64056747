#include "cache/answer_cache_shard.h"

#include <algorithm>
#include <new>
#include <utility>

namespace multisocket {
namespace {

// The table starts small and grows with its answers. The buckets of a thousand names then stay in the processor's
// cache, whatever the memory limit is.
constexpr uint32_t kFirstBuckets = 16;
// A small answer costs about 160 bytes. A full table of small answers has one or two in each bucket.
constexpr size_t kBytesPerBucket = 128;
// A lock is held only while an answer is copied. If it is still taken after this many attempts, its owner's thread has
// been preempted.
constexpr int kLockAttempts = 64;

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
  bucket_count_ = kFirstBuckets;
  buckets_ = std::make_unique<CachedAnswer*[]>(bucket_count_);
  add(&bytes_, empty_size());
}

void AnswerCacheShard::resize(uint32_t count) {
  std::unique_ptr<CachedAnswer*[]> buckets(new (std::nothrow) CachedAnswer*[count]());
  if (buckets == nullptr) return;  // without memory the chains grow longer, which is harmless
  buckets_ = std::move(buckets);
  const size_t before = empty_size();
  bucket_count_ = count;
  add(&bytes_, empty_size() - before);
  for (CachedAnswer* answer = oldest_; answer != nullptr; answer = answer->newer) {
    answer->next = std::exchange(*bucket(answer->hash), answer);
  }
}

AnswerCache::Found AnswerCacheShard::look_up(const CacheKey& key, uint64_t hash, const uint8_t* query,
                                             const MessageView& view, uint32_t now, AnswerCache::Manner manner,
                                             uint8_t* out, size_t capacity) {
  AnswerCache::Found found;
  std::unique_lock<std::mutex> lock(mutex_, std::defer_lock);
  if (!lock_soon(&lock)) {
    if (!manner.leaves_misses) contended_.fetch_add(1, std::memory_order_relaxed);
    return found;
  }
  CachedAnswer* answer = find(key.data(), key.size(), low(hash));
  if (answer == nullptr || answer->reply_length(view) > capacity) return found;
  const uint32_t age = answer->age(now);
  found.stale = age >= answer->lifetime();
  if (found.stale) {
    const bool usable =
        manner.allow_stale && answer->says_data() && age - answer->lifetime() < options_.serve_stale_seconds;
    if (!usable) return {};
  }
  const bool forgotten = options_.prefetch_gap != 0 && age - answer->last_hit_age >= options_.prefetch_gap;
  const uint32_t hits = forgotten ? 1 : answer->hits + 1;
  found.refresh = is_to_refresh(*answer, age, hits);
  if (found.refresh && manner.leaves_misses) return {};
  answer->last_hit_age = age;
  answer->hits = hits;
  answer->visited = true;
  if (found.refresh) {
    answer->refresh_age = age + options_.refresh_interval;
    return found;
  }
  if (found.stale) add(&stale_hits_, 1);
  add(&hits_, 1);
  found.length = answer->reply_length(view);
  if (answer->opt_length() != 0) found.opt = found.length - answer->opt_length();
  // A stale answer keeps its original TTLs, limited to `stale_ttl`.
  answer->write(query, view, found.stale || options_.keep_ttl ? 0 : age, found.stale ? options_.stale_ttl : UINT32_MAX,
                out);
  return found;
}

bool AnswerCacheShard::is_to_refresh(const CachedAnswer& answer, uint32_t age, uint32_t hits) const {
  const uint32_t lifetime = answer.lifetime();
  if (age < lifetime) {
    const bool near = (lifetime - age) * uint64_t{100} <= lifetime * uint64_t{options_.prefetch_percent};
    if (options_.prefetch_hits == 0 || hits < options_.prefetch_hits || !near) return false;
  }
  return age >= answer.refresh_age;
}

bool AnswerCacheShard::store(CachedAnswer::Owner answer, uint64_t hash, uint32_t now,
                             const std::atomic<uint32_t>& current, uint32_t generation) {
  const size_t cost = answer->cost();
  const std::lock_guard<std::mutex> lock(mutex_);
  if (current.load(std::memory_order_acquire) != generation) return false;
  const uint64_t more = uint64_t{bucket_count_} * 2;
  const bool full = entries_.load(std::memory_order_relaxed) >= bucket_count_;
  if (full && more * kBytesPerBucket <= std::min<uint64_t>(options_.max_bytes, UINT32_MAX)) {
    resize(static_cast<uint32_t>(more));
  }
  if (empty_size() + cost > options_.max_bytes) return false;
  answer->hash = low(hash);
  CachedAnswer* old = find(answer->key(), answer->key_length(), answer->hash);
  if (old != nullptr && is_to_stay(*old, *answer, now)) return false;
  if (old != nullptr) {
    answer->visited = old->visited;  // a refresh does not make a name less popular
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

bool AnswerCacheShard::is_to_stay(const CachedAnswer& old, const CachedAnswer& answer, uint32_t now) const {
  if (old.age(now) >= uint64_t{old.lifetime()} + options_.serve_stale_seconds) return false;
  if (options_.prefer_data && old.kind() == layout::kData) return answer.kind() != layout::kData;
  return old.says_data() && !answer.says_data();
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
  if (oldest_ == nullptr && bucket_count_ > kFirstBuckets) resize(kFirstBuckets);
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

CachedAnswer* AnswerCacheShard::find(const uint8_t* key, size_t length, uint32_t hash) const {
  CachedAnswer* answer = *bucket(hash);
  while (answer != nullptr && !answer->has_key(key, length)) answer = answer->next;
  return answer;
}

void AnswerCacheShard::insert(CachedAnswer* answer) {
  answer->next = std::exchange(*bucket(answer->hash), answer);
  answer->older = newest_;
  (newest_ == nullptr ? oldest_ : newest_->newer) = answer;
  newest_ = answer;
  add(&bytes_, answer->cost());
  add(&entries_, 1);
}

void AnswerCacheShard::remove(CachedAnswer* answer) {
  CachedAnswer** link = bucket(answer->hash);
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
  // An answer that is too old to be sent is removed at once, however popular it is.
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
