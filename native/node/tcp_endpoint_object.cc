#include "node/tcp_endpoint_object.h"

#include <utility>

#include "node/answer_front_object.h"
#include "node/fields.h"
#include "node/guard_object.h"
#include "node/proxy_protocol_object.h"
#include "node/system_error.h"

namespace multisocket {

Napi::Function TcpEndpointObject::define(Napi::Env env) {
  return DefineClass(env, "TcpEndpoint",
                     {
                         InstanceMethod<&TcpEndpointObject::add>("add"),
                         InstanceMethod<&TcpEndpointObject::release>("release"),
                         InstanceMethod<&TcpEndpointObject::drain>("drain"),
                         InstanceMethod<&TcpEndpointObject::flush>("flush"),
                         InstanceMethod<&TcpEndpointObject::guard>("guard"),
                         InstanceMethod<&TcpEndpointObject::begin_stream>("beginStream"),
                         InstanceMethod<&TcpEndpointObject::send_stream>("sendStream"),
                         InstanceMethod<&TcpEndpointObject::end_stream>("endStream"),
                         InstanceMethod<&TcpEndpointObject::ref>("ref"),
                         InstanceMethod<&TcpEndpointObject::unref>("unref"),
                         InstanceMethod<&TcpEndpointObject::close>("close"),
                     });
}

TcpEndpointObject::TcpEndpointObject(const Napi::CallbackInfo& info) : Napi::ObjectWrap<TcpEndpointObject>(info) {
  const Napi::Env env = info.Env();
  Fields memory(info[0]);
  Fields callbacks(info[1]);
  auto slab = memory.get<Napi::ArrayBuffer>("slab");
  auto queries = memory.get<Napi::Uint32Array>("queries");
  auto outbox = memory.get<Napi::Uint32Array>("outbox");
  auto counters = memory.get<Napi::Float64Array>("counters");
  auto edns = memory.get<Napi::Uint8Array>("edns");
  auto connections = memory.get<Napi::Int32Array>("connections");
  auto settings = memory.get<Napi::Uint32Array>("settings");
  const auto row = memory.get<Napi::Number>("row");
  const auto envelope_size = memory.get<Napi::Number>("envelopeSize");
  const auto seat = memory.get<Napi::Number>("seat");
  const auto on_queries = callbacks.get<Napi::Function>("onQueries");
  const auto on_held = callbacks.get<Napi::Function>("onHeld");
  const auto on_pause = callbacks.get<Napi::Function>("onPause");
  const auto on_drained = callbacks.get<Napi::Function>("onDrained");
  const auto on_stream = callbacks.get<Napi::Function>("onStream");
  if (!memory.complete() || !callbacks.complete()) return;
  if (slab.ByteLength() < layout::kTcpSlabSize || queries.ElementLength() < layout::kBatchSize * layout::kQueryWords ||
      outbox.ElementLength() < 1 + layout::kTcpOutboxEntries * layout::kTcpReplyWords ||
      settings.ElementLength() < layout::kTcpSettings) {
    Napi::RangeError::New(env, "slab, queries, outbox or settings is smaller than the layout says")
        .ThrowAsJavaScriptException();
    return;
  }
  auto kept = Napi::Array::New(env, 6);
  const Napi::Value shared[] = {slab, queries, outbox, counters, edns, connections};
  for (uint32_t i = 0; i < 6; i++) kept.Set(i, shared[i]);
  memory_ = Napi::Persistent(kept.As<Napi::Object>());
  on_queries_ = LoopCallback(on_queries, "multisocket:TcpEndpoint");
  on_held_ = LoopCallback(on_held, "multisocket:TcpEndpoint");
  on_pause_ = LoopCallback(on_pause, "multisocket:TcpEndpoint");
  on_drained_ = LoopCallback(on_drained, "multisocket:TcpEndpoint");
  on_stream_ = LoopCallback(on_stream, "multisocket:TcpEndpoint");

  uv_loop_t* loop = event_loop(env);
  if (loop == nullptr) return;
  const uint32_t* words = settings.Data();
  const TcpConnections::Memory raw = {
      static_cast<uint8_t*>(slab.Data()),
      queries.Data(),
      outbox.Data(),
      counters.Data(),
      row.Uint32Value(),
      EdnsSettings::of(edns.Data(), edns.ElementLength()),
      envelope_size.Uint32Value(),
      ConnectionLimits(connections.Data(), connections.ElementLength(), seat.Uint32Value(),
                       words[layout::kTcpMaxConnections], words[layout::kTcpMaxConnectionsPerClient])};
  const StreamTimeouts timeouts = {words[layout::kTcpMessageTime], words[layout::kTcpIdleTime],
                                   words[layout::kTcpWriteTime], words[layout::kTcpLingerTime]};
  const TcpEndpoint::Options options = {
      {timeouts, words[layout::kTcpMaxPipelined], words[layout::kTcpMaxQueries]},
      static_cast<int>(words[layout::kTcpBacklog]),
      words[layout::kTcpReserve],
  };
  TcpEndpoint::Server server;
  server.able = [this]() { return on_queries_.able(); };
  server.serve = [this](uint32_t count) {
    const Napi::HandleScope scope(Env());
    // The call runs the microtasks, so the replies of asynchronous handlers that do no I/O leave with their batch.
    if (on_queries_({Napi::Number::New(Env(), count)})) on_held_({});
  };
  server.paused = [this]() { call(on_pause_); };
  server.drained = [this]() { call(on_drained_); };
  server.stream = [this](uint32_t connection, bool open) {
    const Napi::HandleScope scope(Env());
    on_stream_({Napi::Number::New(Env(), connection), Napi::Boolean::New(Env(), open)});
  };
  int error = 0;
  endpoint_ = TcpEndpoint::open(loop, raw, options, std::move(server), &error);
  if (endpoint_ == nullptr) {
    throw_system_error(env, error, "epoll_create1");
    return;
  }
  hold_.take(this);
}

void TcpEndpointObject::add(const Napi::CallbackInfo& info) {
  Descriptor descriptor = Descriptor::duplicate(info[1].As<Napi::Number>().Int32Value());
  if (!descriptor.valid()) {
    throw_system_error(info.Env(), uv_translate_sys_error(errno), "dup");
    return;
  }
  auto listener = std::make_unique<StreamListener>();
  listener->number = info[0].As<Napi::Number>().Uint32Value();
  listener->wildcard = info[2].As<Napi::Boolean>().Value();
  listener->front = AnswerFrontObject::of(info[3]);
  listener->proxy = ProxyProtocolObject::of(info[4]);
  const int error = endpoint_->add(std::move(descriptor), std::move(listener));
  if (error != 0) throw_system_error(info.Env(), error, "listen");
}

void TcpEndpointObject::release(const Napi::CallbackInfo& info) {
  endpoint_->release(info[0].As<Napi::Number>().Uint32Value());
}

Napi::Value TcpEndpointObject::drain(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), endpoint_->drain());
}

void TcpEndpointObject::flush(const Napi::CallbackInfo& /*info*/) { endpoint_->flush(); }

void TcpEndpointObject::guard(const Napi::CallbackInfo& info) {
  endpoint_->use(GuardObject::Unwrap(info[0].As<Napi::Object>())->guard());
}

void TcpEndpointObject::begin_stream(const Napi::CallbackInfo& info) {
  endpoint_->begin_stream(info[0].As<Napi::Number>().Uint32Value());
}

Napi::Value TcpEndpointObject::send_stream(const Napi::CallbackInfo& info) {
  const auto frames = info[1].As<Napi::Uint8Array>();
  const uint32_t waiting = endpoint_->send_stream(info[0].As<Napi::Number>().Uint32Value(), frames.Data(),
                                                  static_cast<uint32_t>(frames.ElementLength()));
  return Napi::Number::New(info.Env(), waiting == TcpConnections::kClosed ? -1 : static_cast<double>(waiting));
}

void TcpEndpointObject::end_stream(const Napi::CallbackInfo& info) {
  endpoint_->end_stream(info[0].As<Napi::Number>().Uint32Value(), info[1].As<Napi::Boolean>().Value());
}

void TcpEndpointObject::ref(const Napi::CallbackInfo& /*info*/) { endpoint_->set_ref(true); }

void TcpEndpointObject::unref(const Napi::CallbackInfo& /*info*/) { endpoint_->set_ref(false); }

void TcpEndpointObject::close(const Napi::CallbackInfo& /*info*/) { begin_close(); }

void TcpEndpointObject::begin_close() {
  endpoint_->close([this]() { hold_.release(this); });
}

void TcpEndpointObject::call(const LoopCallback& callback) {
  const Napi::HandleScope scope(Env());
  callback({});
}

}  // namespace multisocket
