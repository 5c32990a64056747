#include "guard_object.h"

#include <utility>

#include "registry.h"

namespace multisocket {

Napi::Function GuardObject::define(Napi::Env env) { return DefineClass(env, "Guard", {}); }

GuardObject::GuardObject(const Napi::CallbackInfo& info) : Napi::ObjectWrap<GuardObject>(info) {
  auto state = Registry<GuardState>::find(info[0].As<Napi::Number>().Uint32Value());
  if (state == nullptr) {
    Napi::Error::New(info.Env(), "no such guard").ThrowAsJavaScriptException();
  } else {
    guard_ = std::make_shared<Guard>(std::move(state));
  }
}

}  // namespace multisocket
