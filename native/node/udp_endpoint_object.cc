#include "node/udp_endpoint_object.h"

#include <utility>

#include "node/answer_front_object.h"
#include "node/fields.h"
#include "node/guard_object.h"
#include "node/proxy_protocol_object.h"
#include "node/system_error.h"

namespace multisocket {

Napi::Function UdpEndpointObject::define(Napi::Env env) {
  return DefineClass(env, "UdpEndpoint",
                     {
                         InstanceMethod<&UdpEndpointObject::add>("add"),
                         InstanceMethod<&UdpEndpointObject::believe>("believe"),
                         InstanceMethod<&UdpEndpointObject::stop>("stop"),
                         InstanceMethod<&UdpEndpointObject::start>("start"),
                         InstanceMethod<&UdpEndpointObject::remove>("remove"),
                         InstanceMethod<&UdpEndpointObject::flush>("flush"),
                         InstanceMethod<&UdpEndpointObject::guard>("guard"),
                         InstanceMethod<&UdpEndpointObject::drop_older_than>("dropOlderThan"),
                         InstanceMethod<&UdpEndpointObject::ref>("ref"),
                         InstanceMethod<&UdpEndpointObject::unref>("unref"),
                         InstanceMethod<&UdpEndpointObject::close>("close"),
                     });
}

UdpEndpointObject::UdpEndpointObject(const Napi::CallbackInfo& info) : Napi::ObjectWrap<UdpEndpointObject>(info) {
  const Napi::Env env = info.Env();
  Fields memory(info[0]);
  auto slab = memory.get<Napi::ArrayBuffer>("slab");
  auto queries = memory.get<Napi::Uint32Array>("queries");
  auto outbox = memory.get<Napi::Uint32Array>("outbox");
  auto counters = memory.get<Napi::Float64Array>("counters");
  auto edns = memory.get<Napi::Uint8Array>("edns");
  const auto row = memory.get<Napi::Number>("row");
  const auto envelope_size = memory.get<Napi::Number>("envelopeSize");
  if (!memory.complete()) return;
  if (slab.ByteLength() < layout::kSlabSize || queries.ElementLength() < layout::kBatchSize * layout::kQueryWords ||
      outbox.ElementLength() < 1 + layout::kOutboxEntries * layout::kOutboxEntryWords) {
    Napi::RangeError::New(env, "slab, queries or outbox is smaller than the layout says").ThrowAsJavaScriptException();
    return;
  }
  auto kept = Napi::Array::New(env, 5);
  const Napi::Value shared[] = {slab, queries, outbox, counters, edns};
  for (uint32_t i = 0; i < 5; i++) kept.Set(i, shared[i]);
  memory_ = Napi::Persistent(kept.As<Napi::Object>());
  on_queries_ = LoopCallback(info[1].As<Napi::Function>(), "multisocket:UdpEndpoint");
  on_held_ = LoopCallback(info[2].As<Napi::Function>(), "multisocket:UdpEndpoint");

  uv_loop_t* loop = event_loop(env);
  if (loop == nullptr) return;
  const UdpEndpoint::Memory raw = {static_cast<uint8_t*>(slab.Data()),
                                   queries.Data(),
                                   outbox.Data(),
                                   counters.Data(),
                                   row.Uint32Value(),
                                   EdnsSettings::of(edns.Data(), edns.ElementLength()),
                                   envelope_size.Uint32Value()};
  endpoint_ =
      UdpEndpoint::open(loop, raw, {[this]() { return on_queries_.able(); }, [this](uint32_t count) { serve(count); }});
  hold_.take(this);
}

void UdpEndpointObject::add(const Napi::CallbackInfo& info) {
  const auto number = [&](size_t i) { return info[i].As<Napi::Number>().Uint32Value(); };
  Descriptor descriptor = Descriptor::duplicate(info[1].As<Napi::Number>().Int32Value());
  if (!descriptor.valid()) {
    throw_system_error(info.Env(), uv_translate_sys_error(errno), "dup");
    return;
  }
  const int error = endpoint_->add(number(0), std::move(descriptor), number(2), info[3].As<Napi::Boolean>().Value(),
                                   AnswerFrontObject::of(info[4]));
  if (error != 0) throw_system_error(info.Env(), error, "poll");
}

void UdpEndpointObject::believe(const Napi::CallbackInfo& info) {
  endpoint_->believe(info[0].As<Napi::Number>().Uint32Value(), ProxyProtocolObject::of(info[1]));
}

void UdpEndpointObject::stop(const Napi::CallbackInfo& info) {
  endpoint_->stop(info[0].As<Napi::Number>().Uint32Value());
}

void UdpEndpointObject::start(const Napi::CallbackInfo& info) {
  const int error = endpoint_->start(info[0].As<Napi::Number>().Uint32Value());
  if (error != 0) throw_system_error(info.Env(), error, "poll");
}

void UdpEndpointObject::remove(const Napi::CallbackInfo& info) {
  endpoint_->remove(info[0].As<Napi::Number>().Uint32Value());
}

void UdpEndpointObject::flush(const Napi::CallbackInfo& /*info*/) { endpoint_->flush(); }

void UdpEndpointObject::drop_older_than(const Napi::CallbackInfo& info) {
  endpoint_->drop_older_than(info[0].As<Napi::Number>().Uint32Value());
}

void UdpEndpointObject::guard(const Napi::CallbackInfo& info) {
  endpoint_->use(GuardObject::Unwrap(info[0].As<Napi::Object>())->guard());
}

void UdpEndpointObject::ref(const Napi::CallbackInfo& /*info*/) { endpoint_->set_ref(true); }

void UdpEndpointObject::unref(const Napi::CallbackInfo& /*info*/) { endpoint_->set_ref(false); }

void UdpEndpointObject::close(const Napi::CallbackInfo& /*info*/) { begin_close(); }

void UdpEndpointObject::begin_close() {
  endpoint_->close([this]() { hold_.release(this); });
}

void UdpEndpointObject::serve(uint32_t count) {
  const Napi::HandleScope scope(Env());
  // The call runs the microtasks, so the replies of asynchronous handlers that do no I/O leave with their batch.
  if (on_queries_({Napi::Number::New(Env(), count)})) on_held_({});
}

}  // namespace multisocket
