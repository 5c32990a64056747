// What objects on Node's event loop share: the call into JavaScript, and the clean-up of the environment.
#ifndef MULTISOCKET_ASYNC_OBJECT_H_
#define MULTISOCKET_ASYNC_OBJECT_H_

#include <napi.h>
#include <uv.h>

#include <initializer_list>
#include <memory>
#include <utility>

namespace multisocket {

// Returns the libuv loop of the environment. If there is none, it throws a JavaScript error and returns null.
uv_loop_t* event_loop(Napi::Env env);

// A JavaScript function that native code calls from the event loop.
class LoopCallback {
 public:
  LoopCallback() = default;
  // `resource`: the name of the calls in async_hooks.
  LoopCallback(Napi::Function function, const char* resource);

  // Calls the function and runs the microtasks before it returns. Returns whether the function returned true. An
  // exception in the function becomes an `uncaughtException`. In an environment that is being torn down, the call does
  // nothing, since no JavaScript can run. The caller must have opened a handle scope.
  bool operator()(std::initializer_list<napi_value> arguments) const;

  // Whether JavaScript can run in this environment.
  bool able() const;

 private:
  Napi::FunctionReference function_;
  std::unique_ptr<Napi::AsyncContext> context_;
};

// A hold on an object and its environment: both stay alive while libuv has a handle of the object. When the environment
// is torn down, the hold calls `Object::begin_close()`. The object closes its handles and then calls `release`.
template <class Object>
class EnvironmentHold {
 public:
  void take(Object* object) {
    // The object must not be collected before it is closed, even without references from JavaScript.
    object->Ref();
    // An asynchronous hook. The environment waits until libuv has released the handles.
    napi_add_async_cleanup_hook(
        object->Env(),
        [](napi_async_cleanup_hook_handle /*handle*/, void* held) { static_cast<Object*>(held)->begin_close(); },
        object, &hook_);
  }

  // The object may no longer exist when this returns.
  void release(Object* object) {
    const napi_async_cleanup_hook_handle hook = std::exchange(hook_, nullptr);
    object->Unref();
    napi_remove_async_cleanup_hook(hook);
  }

 private:
  napi_async_cleanup_hook_handle hook_ = nullptr;
};

}  // namespace multisocket

#endif  // MULTISOCKET_ASYNC_OBJECT_H_
