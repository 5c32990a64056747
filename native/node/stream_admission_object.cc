#include "node/stream_admission_object.h"

#include <algorithm>

#include "message/layout.h"
#include "message/query_origin.h"
#include "node/answer_front_object.h"
#include "node/fields.h"
#include "node/guard_object.h"
#include "tcp/frames.h"

namespace multisocket {

Napi::Function StreamAdmissionObject::define(Napi::Env env) {
  return DefineClass(env, "StreamAdmission", {InstanceMethod<&StreamAdmissionObject::check>("check")});
}

StreamAdmissionObject::StreamAdmissionObject(const Napi::CallbackInfo& info)
    : Napi::ObjectWrap<StreamAdmissionObject>(info) {
  const Napi::Env env = info.Env();
  Fields memory(info[0]);
  auto queries = memory.get<Napi::Uint32Array>("queries");
  auto text = memory.get<Napi::Uint8Array>("text");
  auto counters = memory.get<Napi::Float64Array>("counters");
  auto words = memory.get<Napi::Uint32Array>("words");
  const Napi::Value edns = memory.get<Napi::Value>("edns");
  const Napi::Value output = memory.get<Napi::Value>("output");
  const auto first = memory.get<Napi::Number>("row");
  if (!memory.complete()) return;
  const uint32_t row = first.Uint32Value();
  const size_t rows = queries.ElementLength() / layout::kQueryWords;
  if (rows == 0 || text.ElementLength() < 2 * layout::kMaxText * rows || words.ElementLength() < layout::kStreamWords ||
      counters.ElementLength() < row + layout::kWorkerRow) {
    Napi::RangeError::New(env, "queries, text, words or counters is smaller than the layout says")
        .ThrowAsJavaScriptException();
    return;
  }
  EdnsSettings settings;
  if (edns.IsTypedArray()) {
    auto packed = edns.As<Napi::Uint8Array>();
    settings = EdnsSettings::of(packed.Data(), packed.ElementLength());
  }
  if (output.IsTypedArray()) {
    auto bytes = output.As<Napi::Uint8Array>();
    output_ = bytes.Data();
    output_size_ = static_cast<uint32_t>(bytes.ElementLength());
  }
  auto kept = Napi::Array::New(env, 6);
  const Napi::Value shared[] = {queries, text, counters, words, edns, output};
  for (uint32_t i = 0; i < 6; i++) kept.Set(i, shared[i]);
  memory_ = Napi::Persistent(kept.As<Napi::Object>());
  words_ = words.Data();
  rows_ = static_cast<uint32_t>(rows);
  admission_ = std::make_unique<Admission>(queries.Data(), text.Data(), 0, counters.Data() + row, settings);
  if (info[1].IsObject()) admission_->use(GuardObject::Unwrap(info[1].As<Napi::Object>())->guard());
}

Napi::Value StreamAdmissionObject::check(const Napi::CallbackInfo& info) {
  auto input = info[0].As<Napi::Uint8Array>();
  const std::shared_ptr<const AnswerFront> front = AnswerFrontObject::of(info[3]);
  Frames frames = {input.Data(),
                   info[1].As<Napi::Number>().Uint32Value(),
                   std::min(info[2].As<Napi::Number>().Uint32Value(), static_cast<uint32_t>(input.ElementLength())),
                   front.get(),
                   {},
                   output_,
                   std::min(words_[layout::kStreamAnswersEnd], output_size_),
                   output_size_};
  if (info[4].IsTypedArray()) frames.origin = QueryOrigin::of(info[4].As<Napi::Uint8Array>().Data());
  const uint32_t rows = admit_frames(admission_.get(), &frames, std::min(words_[layout::kStreamMost], rows_));
  words_[layout::kStreamConsumed] = frames.start;
  words_[layout::kStreamAnswersEnd] = frames.output_start;
  return Napi::Number::New(info.Env(), rows);
}

}  // namespace multisocket
