#include "node/async_object.h"

namespace multisocket {

uv_loop_t* event_loop(Napi::Env env) {
  uv_loop_t* loop = nullptr;
  if (napi_get_uv_event_loop(env, &loop) != napi_ok) {
    Napi::Error::New(env, "this environment has no libuv event loop").ThrowAsJavaScriptException();
    return nullptr;
  }
  return loop;
}

LoopCallback::LoopCallback(Napi::Function function, const char* resource)
    : function_(Napi::Persistent(function)), context_(std::make_unique<Napi::AsyncContext>(function.Env(), resource)) {}

void LoopCallback::operator()(std::initializer_list<napi_value> arguments) const {
  const Napi::Env env = function_.Env();
  // The plain call and not node-addon-api's wrapper, which would throw where nothing can be thrown any more: in a
  // worker that is being ended.
  const napi_status status =
      napi_make_callback(env, *context_, env.Global(), function_.Value(), arguments.size(), arguments.begin(), nullptr);
  if (status != napi_pending_exception) return;
  // No caller is there to catch it.
  napi_value error;
  if (napi_get_and_clear_last_exception(env, &error) == napi_ok) napi_fatal_exception(env, error);
}

// Node-API has no question for this; but whatever may run JavaScript refuses to when none can be run any more.
bool LoopCallback::able() const {
  const Napi::Env env = function_.Env();
  const Napi::HandleScope scope(env);
  const napi_value global = env.Global();
  bool same = false;
  return napi_strict_equals(env, global, global, &same) == napi_ok;
}

}  // namespace multisocket
