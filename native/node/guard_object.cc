#include "node/guard_object.h"

#include <memory>
#include <utility>

#include "guard/rate_limiter.h"
#include "guard/server_cookies.h"
#include "node/networks.h"
#include "node/registry.h"

namespace multisocket {
namespace {

CookieSecrets secrets_of(const Napi::Value& value) {
  const auto array = value.As<Napi::Array>();
  CookieSecrets secrets;
  for (uint32_t i = 0; i < array.Length() && i < CookieSecrets::kMost; i++) {
    secrets.add(array.Get(i).As<Napi::Uint8Array>().Data());
  }
  return secrets;
}

void read_limits(const Napi::Object& limit, GuardOptions* options) {
  const auto number = [&](const char* name) { return limit.Get(name).As<Napi::Number>().Uint32Value(); };
  options->limits = true;
  options->rates.rates[RateLimiter::kAll] = number("allPerSecond");
  options->rates.rates[RateLimiter::kAnswers] = number("responsesPerSecond");
  options->rates.rates[RateLimiter::kErrors] = number("errorsPerSecond");
  options->rates.rates[RateLimiter::kNxDomain] = number("nxdomainsPerSecond");
  options->rates.window = number("window");
  options->rates.ipv4_prefix_length = static_cast<uint8_t>(number("ipv4PrefixLength"));
  options->rates.ipv6_prefix_length = static_cast<uint8_t>(number("ipv6PrefixLength"));
  options->rates.table_size = number("maxTableSize");
  options->slip = number("slip");
  options->report_only = limit.Get("reportOnly").As<Napi::Boolean>().Value();
  options->rates.exempt = networks_of(limit.Get("exempt").As<Napi::Array>());
}

GuardOptions options_of(const Napi::Object& given) {
  GuardOptions options;
  options.payload_size = static_cast<uint16_t>(given.Get("payloadSize").As<Napi::Number>().Uint32Value());
  if (given.Get("cookies").IsObject()) {
    const auto cookies = given.Get("cookies").As<Napi::Object>();
    options.cookies = true;
    options.require_cookies = cookies.Get("require").As<Napi::Boolean>().Value();
    options.secrets = secrets_of(cookies.Get("secrets"));
  }
  if (given.Get("rateLimit").IsObject()) read_limits(given.Get("rateLimit").As<Napi::Object>(), &options);
  return options;
}

}  // namespace

Napi::Function GuardObject::define(Napi::Env env) {
  return DefineClass(env, "Guard",
                     {
                         InstanceMethod<&GuardObject::number>("number"),
                         InstanceMethod<&GuardObject::set_cookie_secrets>("setCookieSecrets"),
                     });
}

GuardObject::GuardObject(const Napi::CallbackInfo& info) : Napi::ObjectWrap<GuardObject>(info) {
  if (info[0].IsNumber()) {
    number_ = info[0].As<Napi::Number>().Uint32Value();
    state_ = Registry<GuardState>::find(number_);
  } else {
    state_ = std::make_shared<GuardState>(options_of(info[0].As<Napi::Object>()));
    number_ = Registry<GuardState>::add(state_);
  }
  if (state_ == nullptr) {
    Napi::Error::New(info.Env(), "no such guard").ThrowAsJavaScriptException();
  } else {
    guard_ = std::make_shared<Guard>(state_);
  }
}

Napi::Value GuardObject::number(const Napi::CallbackInfo& info) { return Napi::Number::New(info.Env(), number_); }

void GuardObject::set_cookie_secrets(const Napi::CallbackInfo& info) { state_->set_secrets(secrets_of(info[0])); }

}  // namespace multisocket
