#include "node/answer_front_object.h"

#include <utility>

#include "node/answer_cache_object.h"
#include "node/query_log_object.h"
#include "node/zone_table_object.h"

namespace multisocket {

Napi::Function AnswerFrontObject::define(Napi::Env env) {
  return DefineClass(env, "AnswerFront", std::initializer_list<PropertyDescriptor>{});
}

AnswerFrontObject::AnswerFrontObject(const Napi::CallbackInfo& info) : Napi::ObjectWrap<AnswerFrontObject>(info) {
  const auto given = info[0].As<Napi::Array>();
  AnswerFront::Caches caches;
  for (uint32_t i = 0; i < given.Length(); i++) {
    caches.push_back(AnswerCacheObject::Unwrap(given.Get(i).As<Napi::Object>())->cache());
  }
  std::shared_ptr<QueryLog> log;
  if (info[1].IsObject()) log = QueryLogObject::Unwrap(info[1].As<Napi::Object>())->log();
  std::shared_ptr<const ZoneTable> zones;
  if (info[2].IsObject()) zones = ZoneTableObject::Unwrap(info[2].As<Napi::Object>())->table();
  front_ = std::make_shared<const AnswerFront>(std::move(caches), std::move(log), std::move(zones));
}

std::shared_ptr<const AnswerFront> AnswerFrontObject::of(const Napi::Value& value) {
  return value.IsObject() ? Unwrap(value.As<Napi::Object>())->front_ : nullptr;
}

}  // namespace multisocket
