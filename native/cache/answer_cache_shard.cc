#include "cache/answer_cache_shard.h"

#include <cstring>
#include <new>
#include <utility>

#include "cache/epochs.h"

namespace multisocket {
namespace {

// The table starts small and grows with its answers. The buckets of a thousand names then stay in the processor's
// cache, whatever the memory limit is.
constexpr uint16_t kFirstLog2 = 4;

}  // namespace

void AnswerCacheShard::open(const CacheState* state, size_t number) {
  state_ = state;
  base_ = state->memory().data();
  const size_t start = number * state->shards().size;
  head_ = new (base_ + start) CacheTable::Head(CacheTable::Word{});
  arena_.open(base_, start + sizeof *head_, start + state->shards().size);
  resize(kFirstLog2);
}

// Links all answers into a table of another size. Without memory the chains grow longer, which is harmless. So does a
// table that has to wait for the readers of the one before.
void AnswerCacheShard::resize(uint16_t log2) {
  const size_t size = (size_t{1} << log2) * sizeof(Link);
  const Place place = old_table_ == 0 ? arena_.allocate(size) : 0;
  if (place == 0) return;
  const CacheTable old = table();
  const CacheTable made({place, log2, static_cast<uint16_t>(1 - old.word().side)});
  memset(BlockArena::payload(base_, place), 0, size);
  for (Place each = oldest_; each != 0; each = at(each)->newer) {
    made.next(base_, each)->store(made.bucket(base_, at(each)->hash)->exchange(each));
  }
  head_->store(made.word());
  table_bytes_ += arena_.size_of(place);
  old_table_ = old.word().place;
  old_table_replaced_in_ = current_epoch();
}

// The octets that answers may take. `others`: this shard's share of what the cache uses elsewhere.
size_t AnswerCacheShard::limit(size_t others) const {
  const size_t taken = reserve() + table_bytes_ + others;
  return arena_.capacity() > taken ? arena_.capacity() - taken : 0;
}

bool AnswerCacheShard::store(const AnswerDraft& draft, uint32_t hash, uint32_t now, size_t others,
                             uint32_t generation) {
  const uint8_t* key = draft.key().data();
  const size_t key_length = draft.key().size();

  const std::lock_guard<std::mutex> lock(mutex_);
  if (state_->generation() != generation) return false;
  if (entries_ >= table().buckets()) {
    reclaim();
    resize(static_cast<uint16_t>(table().word().log2 + 1));
  }
  if (table().word().place == 0 || BlockArena::cost(draft.size()) > limit(others)) return false;
  Place old = table().find(base_, hash, key, key_length);
  if (old != 0 && is_to_stay(*at(old), draft, now)) return false;
  const size_t leaving = old == 0 ? 0 : arena_.size_of(old);
  const Place place = make_room(draft.size(), leaving, others, now);
  if (place == 0) {
    dropped_++;
    return false;
  }
  CachedAnswer* answer = draft.write(BlockArena::payload(base_, place), now);
  answer->hash = hash;
  old = table().find(base_, hash, key, key_length);  // it may have been evicted
  insert(place, old);
  stores_++;
  return true;
}

bool AnswerCacheShard::is_to_stay(const CachedAnswer& old, const AnswerDraft& draft, uint32_t now) const {
  if (is_over(old, now)) return false;
  if (state_->options().prefer_data && old.kind() == layout::kData) return draft.kind() != layout::kData;
  return old.says_data() && !draft.says_data();
}

// Whether an answer is too old to be sent.
bool AnswerCacheShard::is_over(const CachedAnswer& answer, uint32_t now) const {
  return answer.age(now) >= uint64_t{answer.lifetime()} + state_->options().serve_stale_seconds;
}

// Returns a block for `size` octets, or 0. It evicts until all linked answers take at most limit() with it. An answer
// of `leaving` octets is about to be unlinked.
AnswerCacheShard::Place AnswerCacheShard::make_room(size_t size, size_t leaving, size_t others, uint32_t now) {
  const size_t cost = BlockArena::cost(size);
  for (;;) {
    // To look at all readers costs more than to store an answer, so it is not done for each.
    if (waiting_bytes_ > reserve() / 2) reclaim();
    if (waiting_bytes_ > reserve()) return 0;  // a reader does not end its batch
    if (linked_bytes_ + cost <= limit(others) + leaving) {
      const bool fits = linked_bytes_ + waiting_bytes_ + cost <= limit(others) + reserve();
      const Place place = fits ? arena_.allocate(size) : 0;
      // Free memory may also be in pieces that are too small.
      if (place != 0) return place;
      if (reclaim()) continue;
    }
    if (oldest_ == 0) return 0;
    evict(now);
  }
}

size_t AnswerCacheShard::clear(const std::function<bool(const CachedAnswer&)>& matches) {
  size_t removed = 0;
  const std::lock_guard<std::mutex> lock(mutex_);
  for (Place place = oldest_; place != 0;) {
    const Place next = at(place)->newer;
    if (matches(*at(place))) {
      take_use(place);
      remove(place);
      removed++;
    }
    place = next;
  }
  reclaim();
  if (entries_ == 0 && table().word().log2 > kFirstLog2) resize(kFirstLog2);
  reclaim();
  return removed;
}

void AnswerCacheShard::add_counters(CacheCounters* to) {
  const std::lock_guard<std::mutex> lock(mutex_);
  reclaim();
  to->stores += stores_;
  to->dropped += dropped_;
  to->evictions += evictions_;
  to->waiting += waiting_bytes_;
  to->bytes += table_bytes_ + linked_bytes_ + waiting_bytes_;
  to->entries += entries_;
}

// Publishes an answer. If there is an `old` one, the new one takes its place in the chain with one store, so that every
// reader finds one of them.
void AnswerCacheShard::insert(Place place, Place old) {
  CachedAnswer* answer = at(place);
  Link* link = link_to(answer->hash, old);
  if (old != 0) answer->visited = take_use(old);  // a refresh does not make a name less popular
  table().next(base_, place)->store(old == 0 ? link->load() : table().next(base_, old)->load());
  link->store(place);
  if (old != 0) {
    unqueue(old);
    wait_for_readers(old);
  }
  answer->older = newest_;
  (newest_ == 0 ? oldest_ : at(newest_)->newer) = place;
  newest_ = place;
  linked_bytes_ += arena_.size_of(place);
  entries_++;
}

void AnswerCacheShard::remove(Place place) {
  // A reader at the answer still finds the rest of the chain.
  link_to(at(place)->hash, place)->store(table().next(base_, place)->load());
  unqueue(place);
  wait_for_readers(place);
}

// Returns the link that leads to an answer in the chain of `hash`; 0: the first link.
AnswerCacheShard::Link* AnswerCacheShard::link_to(uint32_t hash, Place place) const {
  Link* link = table().bucket(base_, hash);
  while (place != 0 && link->load() != place) link = table().next(base_, link->load());
  return link;
}

void AnswerCacheShard::unqueue(Place place) {
  CachedAnswer* answer = at(place);
  if (hand_ == place) hand_ = answer->newer;
  (answer->older == 0 ? oldest_ : at(answer->older)->newer) = answer->newer;
  (answer->newer == 0 ? newest_ : at(answer->newer)->older) = answer->older;
  linked_bytes_ -= arena_.size_of(place);
  entries_--;
}

void AnswerCacheShard::wait_for_readers(Place place) {
  at(place)->unlinked_in = current_epoch();
  at(place)->newer = 0;
  (last_waiting_ == 0 ? first_waiting_ : at(last_waiting_)->newer) = place;
  last_waiting_ = place;
  waiting_bytes_ += arena_.size_of(place);
}

// Frees what no reader can be at any more. Returns whether it frees anything.
bool AnswerCacheShard::reclaim() {
  if (first_waiting_ == 0 && old_table_ == 0) return false;
  bool freed = false;
  const uint64_t settled = settled_epoch();
  if (old_table_ != 0 && old_table_replaced_in_ < settled) {
    const Place place = std::exchange(old_table_, 0);
    table_bytes_ -= arena_.size_of(place);
    arena_.release(place);
    freed = true;
  }
  while (first_waiting_ != 0 && at(first_waiting_)->unlinked_in < settled) {
    const Place place = first_waiting_;
    first_waiting_ = at(place)->newer;
    waiting_bytes_ -= arena_.size_of(place);
    arena_.release(place);
    freed = true;
  }
  if (first_waiting_ == 0) last_waiting_ = 0;
  return freed;
}

// Returns whether any reader has used an answer since the last call.
bool AnswerCacheShard::take_use(Place place) const {
  bool used = std::exchange(at(place)->visited, false);
  state_->notes().each([&](ReaderNotes& notes) { used |= notes.take_use(place); });
  return used;
}

void AnswerCacheShard::evict(uint32_t now) {
  // An answer that is too old to be sent is removed at once, however popular it is. One round suffices: readers may
  // note uses as fast as the hand takes them.
  for (size_t left = entries_; left > 0; left--) {
    if (hand_ == 0) hand_ = oldest_;
    const bool used = take_use(hand_);
    if (!used || is_over(*at(hand_), now)) break;
    hand_ = at(hand_)->newer;
  }
  if (hand_ == 0) hand_ = oldest_;
  remove(hand_);
  evictions_++;
}

}  // namespace multisocket
