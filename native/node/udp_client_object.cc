#include "node/udp_client_object.h"

#include <string>

#include "node/system_error.h"

namespace multisocket {
namespace {

// Returns 0 or a libuv error.
int read_address(const std::string& text, int port, UdpClient::Address* address) {
  address->length = sizeof(sockaddr_in);
  if (uv_ip4_addr(text.c_str(), port, reinterpret_cast<sockaddr_in*>(&address->storage)) == 0) return 0;
  address->length = sizeof(sockaddr_in6);
  return uv_ip6_addr(text.c_str(), port, reinterpret_cast<sockaddr_in6*>(&address->storage));
}

}  // namespace

Napi::Function UdpClientObject::define(Napi::Env env) {
  return DefineClass(env, "UdpClient",
                     {
                         InstanceMethod<&UdpClientObject::add>("add"),
                         InstanceMethod<&UdpClientObject::flush>("flush"),
                         InstanceMethod<&UdpClientObject::forget>("forget"),
                         InstanceMethod<&UdpClientObject::counters>("counters"),
                         InstanceMethod<&UdpClientObject::close>("close"),
                     });
}

UdpClientObject::UdpClientObject(const Napi::CallbackInfo& info) : Napi::ObjectWrap<UdpClientObject>(info) {
  const Napi::Env env = info.Env();
  auto slab = info[0].As<Napi::ArrayBuffer>();
  auto outbox = info[1].As<Napi::Uint32Array>();
  auto answers = info[2].As<Napi::Uint32Array>();
  if (slab.ByteLength() < layout::kClientSlabSize ||
      outbox.ElementLength() < 1 + layout::kClientOutboxEntries * layout::kClientOutboxWords ||
      answers.ElementLength() < layout::kBatchSize * layout::kAnswerWords) {
    Napi::RangeError::New(env, "slab, outbox or answers is smaller than the layout says").ThrowAsJavaScriptException();
    return;
  }
  auto kept = Napi::Array::New(env, 3);
  for (uint32_t i = 0; i < 3; i++) kept.Set(i, info[i]);
  memory_ = Napi::Persistent(kept.As<Napi::Object>());
  on_answers_ = LoopCallback(info[3].As<Napi::Function>(), "multisocket:UdpClient");

  uv_loop_t* loop = event_loop(env);
  if (loop == nullptr) return;
  const UdpClient::Memory memory = {static_cast<uint8_t*>(slab.Data()), outbox.Data(), answers.Data()};
  client_ = UdpClient::open(loop, memory, [this](uint32_t count) { deliver(count); });
  hold_.take(this);
}

void UdpClientObject::add(const Napi::CallbackInfo& info) {
  const std::string address = info[0].As<Napi::String>().Utf8Value();
  const int port = info[1].As<Napi::Number>().Int32Value();
  const std::string source = info[2].IsString() ? info[2].As<Napi::String>().Utf8Value() : "";
  UdpClient::Address to;
  UdpClient::Address from;
  if (const int error = read_address(address, port, &to); error != 0) {
    throw_system_error(info.Env(), error, "connect", address, port);
    return;
  }
  if (source.empty()) {
    client_->add(to, from);
    return;
  }
  if (const int error = read_address(source, 0, &from); error != 0) {
    throw_system_error(info.Env(), error, "bind", source, 0);
    return;
  }
  client_->add(to, from);
}

void UdpClientObject::flush(const Napi::CallbackInfo& /*info*/) { client_->flush(); }

Napi::Value UdpClientObject::forget(const Napi::CallbackInfo& info) {
  return Napi::String::New(info.Env(), client_->forget(info[0].As<Napi::Number>().Uint32Value()));
}

Napi::Value UdpClientObject::read_answer(const Napi::CallbackInfo& info) {
  const auto query = info[0].As<Napi::Uint8Array>();
  const auto message = info[2].As<Napi::Uint8Array>();
  uint32_t* row = info[3].As<Napi::Uint32Array>().Data();
  UpstreamAnswer answer;
  const layout::AnswerOutcome outcome = read_stream_answer(message.Data(), message.ElementLength(), query.Data(),
                                                           info[1].As<Napi::Number>().Uint32Value(), &answer);
  row[layout::kAnswerOffset] = 0;
  answer.write(row);
  return Napi::Number::New(info.Env(), outcome);
}

Napi::Value UdpClientObject::counters(const Napi::CallbackInfo& info) {
  const UdpClient::Counters& counters = client_->counters();
  auto result = Napi::Object::New(info.Env());
  result.Set("sent", static_cast<double>(counters.sent));
  result.Set("received", static_cast<double>(counters.received));
  result.Set("unmatched", static_cast<double>(counters.unmatched));
  result.Set("givenUp", static_cast<double>(counters.given_up));
  return result;
}

void UdpClientObject::close(const Napi::CallbackInfo& /*info*/) { begin_close(); }

void UdpClientObject::begin_close() {
  client_->close([this]() { hold_.release(this); });
}

void UdpClientObject::deliver(uint32_t count) {
  const Napi::HandleScope scope(Env());
  // The call runs the microtasks, so all replies to the answers of a batch leave together.
  on_answers_({Napi::Number::New(Env(), count)});
}

}  // namespace multisocket
