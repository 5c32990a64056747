#include "answer_cache_registry.h"

#include <mutex>
#include <unordered_map>

namespace multisocket {
namespace {

struct Registry {
  std::mutex mutex;
  uint32_t last = 0;
  std::unordered_map<uint32_t, std::shared_ptr<AnswerCache>> caches;
};

// Never destroyed: threads may outlive the static objects of a process that exits.
Registry& registry() {
  static auto* const instance = new Registry;
  return *instance;
}

}  // namespace

uint32_t open_answer_cache(const AnswerCache::Options& options) {
  auto cache = std::make_shared<AnswerCache>(options);
  Registry& all = registry();
  const std::lock_guard<std::mutex> lock(all.mutex);
  all.caches.emplace(++all.last, std::move(cache));
  return all.last;
}

std::shared_ptr<AnswerCache> find_answer_cache(uint32_t number) {
  Registry& all = registry();
  const std::lock_guard<std::mutex> lock(all.mutex);
  const auto found = all.caches.find(number);
  return found == all.caches.end() ? nullptr : found->second;
}

void close_answer_cache(uint32_t number) {
  Registry& all = registry();
  std::shared_ptr<AnswerCache> closed;  // let go of without the lock: freeing a large cache takes a while
  const std::lock_guard<std::mutex> lock(all.mutex);
  const auto found = all.caches.find(number);
  if (found == all.caches.end()) return;
  closed = std::move(found->second);
  all.caches.erase(found);
}

}  // namespace multisocket
