#include "node/udp_endpoint_object.h"

#include <utility>

#include "node/answer_front_object.h"
#include "node/guard_object.h"
#include "node/system_error.h"

namespace multisocket {

Napi::Function UdpEndpointObject::define(Napi::Env env) {
  return DefineClass(env, "UdpEndpoint",
                     {
                         InstanceMethod<&UdpEndpointObject::add>("add"),
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
  auto slab = info[0].As<Napi::ArrayBuffer>();
  auto queries = info[1].As<Napi::Uint32Array>();
  auto outbox = info[2].As<Napi::Uint32Array>();
  auto counters = info[3].As<Napi::Float64Array>();
  if (slab.ByteLength() < layout::kSlabSize || queries.ElementLength() < layout::kBatchSize * layout::kQueryWords ||
      outbox.ElementLength() < 1 + layout::kOutboxEntries * layout::kOutboxEntryWords) {
    Napi::RangeError::New(env, "slab, queries or outbox is smaller than the layout says").ThrowAsJavaScriptException();
    return;
  }
  auto edns = info[5].As<Napi::Uint8Array>();
  auto kept = Napi::Array::New(env, 5);
  for (uint32_t i = 0; i < 4; i++) kept.Set(i, info[i]);
  kept.Set(4, edns);
  memory_ = Napi::Persistent(kept.As<Napi::Object>());
  on_queries_ = Napi::Persistent(info[6].As<Napi::Function>());
  context_ = std::make_unique<Napi::AsyncContext>(env, "multisocket:UdpEndpoint");

  uv_loop_t* loop = nullptr;
  if (napi_get_uv_event_loop(env, &loop) != napi_ok) {
    Napi::Error::New(env, "this environment has no libuv event loop").ThrowAsJavaScriptException();
    return;
  }
  const UdpEndpoint::Memory memory = {static_cast<uint8_t*>(slab.Data()),
                                      queries.Data(),
                                      outbox.Data(),
                                      counters.Data(),
                                      info[4].As<Napi::Number>().Uint32Value(),
                                      EdnsSettings::of(edns.Data(), edns.ElementLength())};
  endpoint_ = UdpEndpoint::open(loop, memory, {[this]() { return able(); }, [this](uint32_t count) { serve(count); }});
  // Until it is closed the object must not be collected, whoever has forgotten it.
  Ref();
  // The hook has to be an asynchronous one: it holds the environment until libuv has let go of our handles.
  napi_add_async_cleanup_hook(
      env,
      [](napi_async_cleanup_hook_handle /*handle*/, void* object) {
        static_cast<UdpEndpointObject*>(object)->begin_close();
      },
      this, &cleanup_);
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
  endpoint_->close([this]() {
    const napi_async_cleanup_hook_handle cleanup = std::exchange(cleanup_, nullptr);
    Unref();
    napi_remove_async_cleanup_hook(cleanup);
  });
}

// There is no question for this in Node-API; but whatever may run JavaScript refuses to when none can be run any more.
bool UdpEndpointObject::able() {
  const Napi::Env env = Env();
  const Napi::HandleScope scope(env);
  const napi_value global = env.Global();
  bool same = false;
  return napi_strict_equals(env, global, global, &same) == napi_ok;
}

void UdpEndpointObject::serve(uint32_t count) {
  const Napi::Env env = Env();
  const Napi::HandleScope scope(env);
  const napi_value argument = Napi::Number::New(env, count);
  // napi_make_callback and not a plain call: it runs the microtasks before it returns, so that replies of asynchronous
  // handlers that waited for nothing leave with the rest of their batch. Called without its wrapper, which would throw
  // where nothing can be thrown any more: in a worker that is being ended no JavaScript runs, and the call just fails.
  const napi_status status =
      napi_make_callback(env, *context_, env.Global(), on_queries_.Value(), 1, &argument, nullptr);
  if (status != napi_pending_exception) return;
  // Nobody stands above us to catch it: raise it as any event's error is raised, `uncaughtException`.
  napi_value error;
  if (napi_get_and_clear_last_exception(env, &error) == napi_ok) napi_fatal_exception(env, error);
}

}  // namespace multisocket
