#include "node/query_log_object.h"

#include "message/query_origin.h"
#include "node/fields.h"

namespace multisocket {

Napi::Function QueryLogObject::define(Napi::Env env) {
  return DefineClass(env, "QueryLog", {InstanceMethod<&QueryLogObject::record>("record")});
}

QueryLogObject::QueryLogObject(const Napi::CallbackInfo& info) : Napi::ObjectWrap<QueryLogObject>(info) {
  auto ring = info[0].As<Napi::Uint32Array>();
  const double sample = info[1].As<Napi::Number>().DoubleValue();
  const bool messages = info[2].As<Napi::Boolean>().Value();
  // The owner keeps the memory until this thread has ended.
  const size_t size = (ring.ElementLength() - layout::kLogRing) * sizeof(uint32_t);
  log_ = std::make_shared<QueryLog>(ring.Data(), size, sample, messages);
}

// The query, the reply, the origin, and words: the length of the header and question, when the query was taken up, the
// response code, whether a cache has answered.
void QueryLogObject::record(const Napi::CallbackInfo& info) {
  const auto query = info[0].As<Napi::Uint8Array>();
  const auto reply = info[1].As<Napi::Uint8Array>();
  const auto origin = info[2].As<Napi::Uint8Array>();
  const uint32_t* words = info[3].As<Napi::Uint32Array>().Data();
  if (origin.ElementLength() < QueryOrigin::kSize) return;
  const QueryLog::Outcome outcome = {reply.Data(), reply.ElementLength(), static_cast<uint16_t>(words[2]),
                                     words[3] != 0};
  log_->record(query.Data(), query.ElementLength(), words[0], origin.Data(), words[1], outcome);
}

}  // namespace multisocket
