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

bool LoopCallback::operator()(std::initializer_list<napi_value> arguments) const {
  const Napi::Env env = function_.Env();
  // This calls Node-API directly. The wrapper of node-addon-api would throw in a worker that is being ended, where an
  // exception cannot be thrown.
  napi_value returned = nullptr;
  const napi_status status = napi_make_callback(env, *context_, env.Global(), function_.Value(), arguments.size(),
                                                arguments.begin(), &returned);
  if (status == napi_pending_exception) {
    // No caller can catch it.
    napi_value error;
    if (napi_get_and_clear_last_exception(env, &error) == napi_ok) napi_fatal_exception(env, error);
  }
  bool result = false;
  return status == napi_ok && napi_get_value_bool(env, returned, &result) == napi_ok && result;
}

// Node-API has no such check. But a function that may run JavaScript fails if JavaScript can no longer run.
bool LoopCallback::able() const {
  const Napi::Env env = function_.Env();
  const Napi::HandleScope scope(env);
  const napi_value global = env.Global();
  bool same = false;
  return napi_strict_equals(env, global, global, &same) == napi_ok;
}

}  // namespace multisocket
