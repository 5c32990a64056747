// An answer cache as a test with one thread uses it: each look-up is a section of its own.
#ifndef MULTISOCKET_TEST_CACHE_H_
#define MULTISOCKET_TEST_CACHE_H_

#include <memory>

#include "cache/answer_cache.h"

namespace multisocket::test {

class TestCache {
 public:
  explicit TestCache(const CacheOptions& options) : TestCache(std::make_shared<CacheState>(options)) {}
  explicit TestCache(const std::shared_ptr<CacheState>& state) : cache_(state) {}

  template <class... Arguments>
  AnswerCache::Found look_up(Arguments... arguments) {
    return cache_.look_up(ReadSection(reader_), arguments...);
  }
  template <class... Arguments>
  AnswerCache::Found look_up_first(Arguments... arguments) {
    return cache_.look_up_first(ReadSection(reader_), arguments...);
  }
  bool store(const uint8_t* query, const MessageView& view, const Origin& origin, const Answer& answer, uint32_t now) {
    return cache_.store(query, view, origin, answer, now);
  }
  template <class... Arguments>
  size_t clear(Arguments... arguments) {
    return cache_.state()->clear(arguments...);
  }
  uint32_t generation() const { return cache_.state()->generation(); }
  CacheCounters counters() const { return cache_.state()->counters(); }

 private:
  AnswerCache cache_;
  EpochReader reader_;
};

}  // namespace multisocket::test

#endif  // MULTISOCKET_TEST_CACHE_H_
