#include "cache/answer_cache.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "message/client_subnet.h"
#include "message/wire.h"

namespace multisocket {

AnswerCache::AnswerCache(const std::shared_ptr<CacheState>& state) : AnswerCache(state, state->memory()) {}

AnswerCache::AnswerCache(std::shared_ptr<CacheState> state, const SharedMapping& memory)
    : state_(std::move(state)),
      notes_(state_->claim_notes()),
      base_(memory.data()),
      shards_(state_->shards()),
      hash_key_(state_->hash_key()),
      options_(state_->options()) {}

AnswerCache::~AnswerCache() { CacheState::release_notes(notes_); }

AnswerCache::Found AnswerCache::look_up(const ReadSection& /*section*/, const uint8_t* query, const MessageView& view,
                                        const Origin& origin, uint32_t now, bool allow_stale, uint8_t* out,
                                        size_t capacity) {
  return look_up(query, view, origin, now, Manner{allow_stale, false}, out, capacity);
}

AnswerCache::Found AnswerCache::look_up_first(const ReadSection& /*section*/, const uint8_t* query,
                                              const MessageView& view, const Origin& origin, uint32_t now, uint8_t* out,
                                              size_t capacity) {
  return look_up(query, view, origin, now, Manner{options_.stale_first, options_.looked_up_again}, out, capacity);
}

AnswerCache::Found AnswerCache::look_up(const uint8_t* query, const MessageView& view, const Origin& origin,
                                        uint32_t now, Manner manner, uint8_t* out, size_t capacity) {
  CacheKey key;
  if (base_ != nullptr && key.read(query, view, origin.transport, options_.payload_size, {options_.ignore_nsid})) {
    Found found = look_up_variations(&key, query, view, origin, now, manner, out, capacity);
    if (found.length == 0 && !found.refresh && state_->scoped()) {
      found = look_up_scopes(&key, query, view, origin, now, manner, out, capacity);
    }
    if (found.length != 0) return found;
    if (found.refresh) {
      notes_->misses.add();
      return found;
    }
  }
  if (!manner.leaves_misses) notes_->misses.add();
  return {};
}

// Tries the variations that were stored, the highest first.
inline AnswerCache::Found AnswerCache::look_up_variations(CacheKey* key, const uint8_t* query, const MessageView& view,
                                                          const Origin& origin, uint32_t now, Manner manner,
                                                          uint8_t* out, size_t capacity) {
  for (unsigned left = state_->variations(), vary_by = 0; left != 0; left &= ~(1U << vary_by)) {
    vary_by = 31U - static_cast<unsigned>(__builtin_clz(left));
    if (!key->vary(static_cast<uint8_t>(vary_by), origin)) continue;
    const uint64_t hash = siphash<1, 3>(hash_key_, key->data(), key->size());
    const CacheTable table(shards_.head(base_, shards_.number(hash))->load());
    const CachedAnswer::Place place = table.find(base_, CacheShards::low(hash), key->data(), key->size());
    if (place == 0) continue;
    const Found found = read(place, query, view, now, manner, out, capacity);
    if (found.length != 0 || found.refresh) return found;
  }
  return {};
}

// Tries the networks that have the client's subnet, the smallest first (RFC 7871 s.7.3.1). The reply repeats the
// client's subnet with the scope of the answer (s.7.2.1).
AnswerCache::Found AnswerCache::look_up_scopes(CacheKey* key, const uint8_t* query, const MessageView& view,
                                               const Origin& origin, uint32_t now, Manner manner, uint8_t* out,
                                               size_t capacity) {
  const int source = key->source_prefix();
  const auto most = static_cast<unsigned>(std::max(source, 0));
  uint8_t option[4 + kMaxSubnet];
  size_t size = 0;
  if (source >= 0) {
    // The reply may overwrite the query.
    const size_t length = kSubnetHead + (most + 7) / 8;
    write16(option, kOptionClientSubnet);
    write16(option + 2, static_cast<uint32_t>(length));
    memcpy(option + 4, key->subnet(), length);
    size = 4 + length;
  }
  const size_t limit = std::min<size_t>(capacity, reply_limit(view, origin.transport, options_.payload_size));
  Found found;
  if (limit <= size) return found;
  state_->any_scope(most, [&](unsigned prefix) {
    key->scope(prefix);
    option[4 + kSubnetScope] = static_cast<uint8_t>(prefix);
    found = look_up_variations(key, query, view, origin, now, manner, out, limit - size);
    return found.length != 0 || found.refresh;
  });
  if (found.length == 0 || size == 0) return found;
  memcpy(out + found.length, option, size);
  found.length += size;
  write16(out + found.opt + kOptSize - 2, static_cast<uint32_t>(found.length - found.opt - kOptSize));
  return found;
}

// Writes the reply from an answer, if it may be sent.
AnswerCache::Found AnswerCache::read(CachedAnswer::Place place, const uint8_t* query, const MessageView& view,
                                     uint32_t now, Manner manner, uint8_t* out, size_t capacity) {
  const CachedAnswer& answer = *CachedAnswer::at(base_, place);
  Found found;
  if (answer.reply_length(view) > capacity) return found;
  const uint32_t age = answer.age(now);
  found.stale = age >= answer.lifetime();
  if (found.stale) {
    const bool usable =
        manner.allow_stale && answer.says_data() && age - answer.lifetime() < options_.serve_stale_seconds;
    if (!usable) return {};
  }
  ReaderNotes::Hits hits{};
  if (options_.prefetch_hits != 0) {
    hits = notes_->hits_of(answer.hash, now, options_.prefetch_gap);
    // More hits than are needed would keep a place in the notes longer than is useful.
    hits.count = static_cast<uint16_t>(std::min<uint32_t>(hits.count + 1U, options_.prefetch_hits));
    hits.last = static_cast<uint16_t>(now);
  }
  const bool due = is_to_refresh(answer, now, hits.count);
  if (due && manner.leaves_misses) return {};
  if (options_.prefetch_hits != 0) notes_->note_hits(hits, options_.prefetch_gap);
  notes_->note_use(place);
  // If another caller is faster, this one is answered.
  found.refresh = due && state_->claim_refresh(place, age);
  if (found.refresh) return found;
  if (found.stale) notes_->stale_hits.add();
  notes_->hits.add();
  found.length = answer.reply_length(view);
  if (answer.opt_length() != 0) found.opt = found.length - answer.opt_length();
  // A stale answer keeps its original TTLs, limited to `stale_ttl`.
  answer.write(query, view, found.stale || options_.keep_ttl ? 0 : age, found.stale ? options_.stale_ttl : UINT32_MAX,
               out);
  return found;
}

// Whether a caller should refresh an answer that this thread has sent `hits` times.
bool AnswerCache::is_to_refresh(const CachedAnswer& answer, uint32_t now, uint32_t hits) const {
  const uint32_t age = answer.age(now);
  const uint32_t lifetime = answer.lifetime();
  if (age < lifetime) {
    if (options_.prefetch_hits == 0) return false;
    const bool near = (lifetime - age) * uint64_t{100} <= lifetime * uint64_t{options_.prefetch_percent};
    if (!near) return false;
    const bool popular = hits >= options_.prefetch_hits || hits + other_hits(answer, now) >= options_.prefetch_hits;
    if (!popular) return false;
  }
  return age >= answer.refresh_age.load(std::memory_order_relaxed);
}

// The hits of an answer that other threads have counted. Only the last part of an answer's life needs them, and only
// until there are enough.
uint32_t AnswerCache::other_hits(const CachedAnswer& answer, uint32_t now) const {
  uint32_t sum = 0;
  state_->notes().each([&](const ReaderNotes& notes) {
    if (&notes != notes_) sum += notes.hits_of(answer.hash, now, options_.prefetch_gap).count;
  });
  return sum;
}

int32_t AnswerCache::question(const uint8_t* query, const MessageView& view, Transport transport) const {
  constexpr unsigned kBits = 26;
  CacheKey key;
  if (!key.read(query, view, transport, options_.payload_size, {options_.ignore_nsid})) return kNoQuestion;
  key.vary(0, {});
  const uint64_t hash = siphash<1, 3>(hash_key_, key.data(), key.size());
  // The odd factor moves each question at each clear.
  return static_cast<int32_t>((hash + state_->generation() * uint64_t{0x9e3779b97f4a7c15}) >> (64 - kBits));
}

// Widens the key to the scope of an answer, and leaves out the Client Subnet, the last of its options. Returns false if
// the scope is narrower than the subnet of the query: the answer is then for this subnet alone.
bool AnswerCache::scope(CacheKey* key, Answer* answer) {
  const int source = key->source_prefix();
  if (answer->scope < 0 || source < answer->scope) return false;
  const size_t length = kSubnetHead + (static_cast<size_t>(source) + 7) / 8;
  if (answer->options_length < 4 + length) return false;
  const uint8_t* last = answer->options + answer->options_length - 4 - length;
  if (read16(last) != kOptionClientSubnet || read16(last + 2) != length) return false;
  answer->options_length -= 4 + length;
  key->scope(static_cast<unsigned>(answer->scope));
  return true;
}

bool AnswerCache::store(const uint8_t* query, const MessageView& view, const Origin& origin, const Answer& answer,
                        uint32_t now) {
  uint8_t vary_by = answer.vary_by & (kVariations - 1);
  if (vary_by & kVaryByClientAddress) vary_by &= static_cast<uint8_t>(~kVaryByClientNetwork);
  CacheKey key;
  if (!key.read(query, view, origin.transport, options_.payload_size, {options_.ignore_nsid})) return false;
  Answer kept = answer;
  if (!scope(&key, &kept)) kept.scope = -1;
  if (!key.vary(vary_by, origin)) return false;
  AnswerDraft draft(key, view, options_.payload_size, kept);
  return draft.read(query, origin.transport) && state_->store(draft, now, answer.generation);
}

}  // namespace multisocket
