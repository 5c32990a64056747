// The AnswerCache in JavaScript: one thread's access to one of the process's caches. The others find it by its number.
#ifndef MULTISOCKET_ANSWER_CACHE_OBJECT_H_
#define MULTISOCKET_ANSWER_CACHE_OBJECT_H_

#include <napi.h>

#include <memory>

#include "cache/answer_cache.h"

namespace multisocket {

class AnswerCacheObject : public Napi::ObjectWrap<AnswerCacheObject> {
 public:
  static Napi::Function define(Napi::Env env);
  // Returns the kind of an answer.
  static Napi::Value kind(const Napi::CallbackInfo& info);

  explicit AnswerCacheObject(const Napi::CallbackInfo& info);

  const std::shared_ptr<AnswerCache>& cache() const { return cache_; }

 private:
  Napi::Value number(const Napi::CallbackInfo& info);
  Napi::Value look_up(const Napi::CallbackInfo& info);
  Napi::Value question(const Napi::CallbackInfo& info);
  Napi::Value store(const Napi::CallbackInfo& info);
  Napi::Value generation(const Napi::CallbackInfo& info);
  Napi::Value clear(const Napi::CallbackInfo& info);
  Napi::Value counters(const Napi::CallbackInfo& info);

  std::shared_ptr<AnswerCache> cache_;
  uint32_t number_ = 0;
  EpochReader reader_;
};

}  // namespace multisocket

#endif  // MULTISOCKET_ANSWER_CACHE_OBJECT_H_
