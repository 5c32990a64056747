// The answer caches of this process by number. Every worker thread loads the addon for itself, yet all share this
// memory: the server's thread opens a cache, the workers attach to it.
#ifndef MULTISOCKET_ANSWER_CACHE_REGISTRY_H_
#define MULTISOCKET_ANSWER_CACHE_REGISTRY_H_

#include <cstdint>
#include <memory>

#include "answer_cache.h"

namespace multisocket {

// Opens a cache and returns its number, which no other cache of this process ever has; never 0.
uint32_t open_answer_cache(const AnswerCache::Options& options);

// Null where no such cache is open. Those who hold one may use it after it was closed.
std::shared_ptr<AnswerCache> find_answer_cache(uint32_t number);

// Takes a cache out of the registry; its memory goes with the last who holds it.
void close_answer_cache(uint32_t number);

}  // namespace multisocket

#endif  // MULTISOCKET_ANSWER_CACHE_REGISTRY_H_
