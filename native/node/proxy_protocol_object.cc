#include "node/proxy_protocol_object.h"

#include <string>
#include <utility>

#include "node/networks.h"

namespace multisocket {
namespace {

ProxyProtocol::Others others_of(const std::string& word) {
  if (word == "skip") return ProxyProtocol::Others::kSkip;
  return word == "refuse" ? ProxyProtocol::Others::kRefuse : ProxyProtocol::Others::kData;
}

}  // namespace

Napi::Function ProxyProtocolObject::define(Napi::Env env) {
  return DefineClass(env, "ProxyProtocol",
                     {
                         InstanceMethod<&ProxyProtocolObject::trusts>("trusts"),
                         InstanceMethod<&ProxyProtocolObject::examines>("examines"),
                         InstanceMethod<&ProxyProtocolObject::read>("read"),
                     });
}

ProxyProtocolObject::ProxyProtocolObject(const Napi::CallbackInfo& info) : Napi::ObjectWrap<ProxyProtocolObject>(info) {
  const auto given = info[0].As<Napi::Object>();
  ProxyProtocol::Options options;
  options.from = networks_of(given.Get("from").As<Napi::Array>());
  options.required = given.Get("required").As<Napi::Boolean>().Value();
  options.others = others_of(given.Get("others").As<Napi::String>().Utf8Value());
  proxy_ = std::make_shared<const ProxyProtocol>(std::move(options));
}

std::shared_ptr<const ProxyProtocol> ProxyProtocolObject::of(const Napi::Value& value) {
  return value.IsObject() ? Unwrap(value.As<Napi::Object>())->proxy_ : nullptr;
}

Napi::Value ProxyProtocolObject::trusts(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), proxy_->trusts(client_at(info[0]).bytes()));
}

Napi::Value ProxyProtocolObject::examines(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), proxy_->examines(client_at(info[0]).bytes()));
}

// Returns undefined if more octets are needed, null if the connection is refused, and else the header.
Napi::Value ProxyProtocolObject::read(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto octets = info[0].As<Napi::Uint8Array>();
  ProxyHeader header;
  const auto verdict = proxy_->read(octets.Data(), octets.ByteLength(), client_at(info[1]).bytes(), &header);
  if (verdict == ProxyProtocol::Verdict::kMore) return env.Undefined();
  if (verdict == ProxyProtocol::Verdict::kRefused) return env.Null();
  auto result = Napi::Object::New(env);
  result.Set("size", static_cast<double>(header.size));
  if (header.has_ends) {
    QueryOrigin origin;
    header.set_ends(&origin);
    auto ends = Napi::Uint8Array::New(env, 2 * kAddressSize);
    memcpy(ends.Data(), origin.bytes(), 2 * kAddressSize);
    result.Set("ends", ends);
    result.Set("clientPort", header.client_port);
    result.Set("localPort", header.local_port);
  }
  return result;
}

}  // namespace multisocket
