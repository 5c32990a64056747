// What is asked before a handler is called: the zones of an address, then the caches, in order, of all servers that may
// answer on one socket. Also the worker's query log, which records their answers.
// It belongs to one thread, as its AnswerCaches do.
#ifndef MULTISOCKET_ANSWER_FRONT_H_
#define MULTISOCKET_ANSWER_FRONT_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "cache/answer_cache.h"
#include "log/query_log.h"
#include "zone/zone_table.h"

namespace multisocket {

class AnswerFront {
 public:
  using Caches = std::vector<std::shared_ptr<AnswerCache>>;

  // `log`: of the worker; null: it has none. `zones`: null: none.
  AnswerFront(Caches caches, std::shared_ptr<QueryLog> log, std::shared_ptr<const ZoneTable> zones)
      : caches_(std::move(caches)), log_(std::move(log)), zones_(std::move(zones)) {}

  QueryLog* log() const { return log_.get(); }
  const ZoneTable* zones() const { return zones_.get(); }

  // Writes the first reply that a cache has, as AnswerCache::look_up_first does. Length 0: no cache has a reply.
  AnswerCache::Found look_up(const ReadSection& section, const uint8_t* query, const MessageView& view,
                             const Origin& origin, uint32_t now, uint8_t* out, size_t capacity) const {
    for (const auto& cache : caches_) {
      const AnswerCache::Found found = cache->look_up_first(section, query, view, origin, now, out, capacity);
      if (found.length != 0) return found;
    }
    return {};
  }

  // Whether a look-up needs the addresses of its query: for its cache (AnswerCache::varies) or the log.
  bool needs_addresses() const {
    if (log_ != nullptr) return true;
    for (const auto& cache : caches_) {
      if (cache->varies()) return true;
    }
    return false;
  }

 private:
  Caches caches_;
  std::shared_ptr<QueryLog> log_;
  std::shared_ptr<const ZoneTable> zones_;
};

}  // namespace multisocket

#endif  // MULTISOCKET_ANSWER_FRONT_H_
