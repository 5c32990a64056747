// What the objects that work on Node's event loop share: the call into JavaScript, and the end of the environment.
#ifndef MULTISOCKET_ASYNC_OBJECT_H_
#define MULTISOCKET_ASYNC_OBJECT_H_

#include <napi.h>
#include <uv.h>

#include <initializer_list>
#include <memory>
#include <utility>

namespace multisocket {

// The environment's libuv loop. Throws a JavaScript error and returns null where there is none.
uv_loop_t* event_loop(Napi::Env env);

// A JavaScript function that native code calls from the event loop.
class LoopCallback {
 public:
  LoopCallback() = default;
  // `resource`: the name under which async_hooks see the calls.
  LoopCallback(Napi::Function function, const char* resource);

  // Calls the function, and runs the microtasks before it returns. What the function throws becomes an
  // `uncaughtException`. In an environment that is being torn down no JavaScript runs, and the call does nothing.
  // The caller has opened a handle scope.
  void operator()(std::initializer_list<napi_value> arguments) const;

  // Whether JavaScript can run in this environment.
  bool able() const;

 private:
  Napi::FunctionReference function_;
  std::unique_ptr<Napi::AsyncContext> context_;
};

// Keeps an object and its environment alive while libuv holds a handle of the object. When the environment is torn
// down, `Object::begin_close()` is called; the object closes its handles and then calls `release`.
template <class Object>
class EnvironmentHold {
 public:
  void take(Object* object) {
    // Until it is closed the object must not be collected, whoever has forgotten it.
    object->Ref();
    // An asynchronous hook: it holds the environment until libuv has let go of the handles.
    napi_add_async_cleanup_hook(
        object->Env(),
        [](napi_async_cleanup_hook_handle /*handle*/, void* held) { static_cast<Object*>(held)->begin_close(); },
        object, &hook_);
  }

  // The object may be gone when this returns.
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
