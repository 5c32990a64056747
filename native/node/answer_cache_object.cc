#include "node/answer_cache_object.h"

#include <algorithm>
#include <memory>

#include "cache/answer_kind.h"
#include "cache/seconds.h"
#include "message/query_origin.h"
#include "message/wire.h"
#include "node/registry.h"

namespace multisocket {
namespace {

constexpr uint32_t kAdditionals = 10;  // offset of ARCOUNT

CacheOptions options_of(const Napi::Object& given) {
  const auto number = [&](const char* name) { return given.Get(name).As<Napi::Number>(); };
  CacheOptions options;
  options.max_bytes = static_cast<size_t>(number("maxBytes").DoubleValue());
  options.payload_size = static_cast<uint16_t>(number("payloadSize").Uint32Value());
  options.serve_stale_seconds = number("serveStale").Uint32Value();
  options.prefetch_hits = static_cast<uint16_t>(std::min<uint32_t>(number("prefetchHits").Uint32Value(), UINT16_MAX));
  options.prefetch_gap = number("prefetchGap").Uint32Value();
  options.ignore_nsid = given.Get("ignoreNsid").As<Napi::Boolean>().Value();
  options.keep_ttl = given.Get("keepTtl").As<Napi::Boolean>().Value();
  options.prefetch_percent = number("prefetchPercent").Uint32Value();
  options.stale_ttl = number("staleTtl").Uint32Value();
  options.refresh_interval = number("refreshInterval").Uint32Value();
  options.prefer_data = given.Get("preferData").As<Napi::Boolean>().Value();
  options.looked_up_again = given.Get("lookedUpAgain").As<Napi::Boolean>().Value();
  options.stale_first = given.Get("staleFirst").As<Napi::Boolean>().Value();
  return options;
}

}  // namespace

Napi::Function AnswerCacheObject::define(Napi::Env env) {
  return DefineClass(env, "AnswerCache",
                     {
                         InstanceMethod<&AnswerCacheObject::number>("number"),
                         InstanceMethod<&AnswerCacheObject::look_up>("lookUp"),
                         InstanceMethod<&AnswerCacheObject::question>("question"),
                         InstanceMethod<&AnswerCacheObject::store>("store"),
                         InstanceMethod<&AnswerCacheObject::clear>("clear"),
                         InstanceMethod<&AnswerCacheObject::generation>("generation"),
                         InstanceMethod<&AnswerCacheObject::counters>("counters"),
                     });
}

AnswerCacheObject::AnswerCacheObject(const Napi::CallbackInfo& info)
    : Napi::ObjectWrap<AnswerCacheObject>(info), number_(info[0].As<Napi::Number>().Uint32Value()) {
  auto state = Registry<CacheState>::find(number_);
  if (state == nullptr && info[1].IsObject()) {
    state = std::make_shared<CacheState>(options_of(info[1].As<Napi::Object>()));
    number_ = Registry<CacheState>::add(state);
  }
  if (state == nullptr) {
    Napi::Error::New(info.Env(), "no such answer cache").ThrowAsJavaScriptException();
  } else {
    cache_ = std::make_shared<AnswerCache>(state);
  }
}

Napi::Value AnswerCacheObject::number(const Napi::CallbackInfo& info) { return Napi::Number::New(info.Env(), number_); }

Napi::Value AnswerCacheObject::look_up(const Napi::CallbackInfo& info) {
  const auto query = info[0].As<Napi::Uint8Array>();
  Origin origin;
  origin.transport = static_cast<Transport>(info[1].As<Napi::Number>().Uint32Value());
  const bool allow_stale = info[2].As<Napi::Boolean>().Value();
  auto out = info[3].As<Napi::Uint8Array>();
  MessageView view;
  AnswerCache::Found found;
  if (examine(query.Data(), query.ElementLength(), &view) == Verdict::kQuery) {
    const ReadSection section(reader_);
    found = cache_->look_up(section, query.Data(), view, origin, seconds(), allow_stale, out.Data(), out.ByteLength());
  }
  return Napi::Number::New(info.Env(), found.refresh ? -1 : static_cast<double>(found.length));
}

Napi::Value AnswerCacheObject::question(const Napi::CallbackInfo& info) {
  const auto query = info[0].As<Napi::Uint8Array>();
  const auto transport = static_cast<Transport>(info[1].As<Napi::Number>().Uint32Value());
  MessageView view;
  int32_t question = AnswerCache::kNoQuestion;
  if (examine(query.Data(), query.ElementLength(), &view) == Verdict::kQuery) {
    question = cache_->question(query.Data(), view, transport);
  }
  return Napi::Number::New(info.Env(), question);
}

Napi::Value AnswerCacheObject::store(const Napi::CallbackInfo& info) {
  const auto query = info[0].As<Napi::Uint8Array>();
  auto reply = info[1].As<Napi::Uint8Array>();
  const uint32_t* keeping = info[2].As<Napi::Uint32Array>().Data();
  MessageView view;
  if (examine(query.Data(), query.ElementLength(), &view) != Verdict::kQuery) {
    return Napi::Boolean::New(info.Env(), false);
  }
  Origin origin;
  if (info[3].IsTypedArray()) origin = QueryOrigin::of(info[3].As<Napi::Uint8Array>().Data());
  origin.transport = static_cast<Transport>(keeping[layout::kKeepingTransport]);

  uint8_t* message = reply.Data();
  const size_t length = reply.ElementLength();
  const uint32_t opt = keeping[layout::kKeepingOpt];
  Answer answer;
  answer.message = message;
  answer.length = opt == 0 ? length : opt;
  answer.max_ttl = keeping[layout::kKeepingMaxTtl];
  answer.vary_by = static_cast<uint8_t>(keeping[layout::kKeepingVaryBy]);
  answer.generation = keeping[layout::kKeepingGeneration];
  answer.scope = static_cast<int16_t>(std::min<uint32_t>(keeping[layout::kKeepingScope], 129)) - 1;
  const uint16_t additionals = read16(message + kAdditionals);
  if (opt != 0) {
    answer.options = message + opt + kOptSize;
    answer.options_length = length - opt - kOptSize;
    answer.extended_rcode = message[opt + 5];
    write16(message + kAdditionals, additionals - 1U);  // the message as it is without its OPT
  }
  const bool stored = cache_->store(query.Data(), view, origin, answer, seconds());
  write16(message + kAdditionals, additionals);
  return Napi::Boolean::New(info.Env(), stored);
}

Napi::Value AnswerCacheObject::generation(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), cache_->state()->generation());
}

Napi::Value AnswerCacheObject::kind(const Napi::CallbackInfo& info) {
  const auto message = info[0].As<Napi::Uint8Array>();
  return Napi::Number::New(info.Env(), kind_of(message.Data(), message.ElementLength()));
}

Napi::Value AnswerCacheObject::clear(const Napi::CallbackInfo& info) {
  size_t removed;
  if (info[0].IsUndefined()) {
    removed = cache_->state()->clear();
  } else {
    const auto name = info[0].As<Napi::Uint8Array>();
    removed = cache_->state()->clear(name.Data(), name.ElementLength(), info[1].As<Napi::Boolean>().Value());
  }
  return Napi::Number::New(info.Env(), static_cast<double>(removed));
}

Napi::Value AnswerCacheObject::counters(const Napi::CallbackInfo& info) {
  const CacheCounters counted = cache_->state()->counters();
  auto result = Napi::Object::New(info.Env());
  const auto set = [&](const char* name, uint64_t value) { result.Set(name, static_cast<double>(value)); };
  set("hits", counted.hits);
  set("staleHits", counted.stale_hits);
  set("misses", counted.misses);
  set("stores", counted.stores);
  set("dropped", counted.dropped);
  set("evictions", counted.evictions);
  set("waiting", counted.waiting);
  set("bytes", counted.bytes);
  set("entries", counted.entries);
  return result;
}

}  // namespace multisocket
