// The LoadGenerator that JavaScript holds: a plan in, a result out, and a clean end when the environment goes.
#ifndef MULTISOCKET_LOAD_GENERATOR_OBJECT_H_
#define MULTISOCKET_LOAD_GENERATOR_OBJECT_H_

#include <napi.h>
#include <uv.h>

#include <memory>

#include "load/load_generator.h"

namespace multisocket {

class LoadGeneratorObject : public Napi::ObjectWrap<LoadGeneratorObject> {
 public:
  static Napi::Function define(Napi::Env env);
  explicit LoadGeneratorObject(const Napi::CallbackInfo& info);

 private:
  void start(const Napi::CallbackInfo& info);
  void stop(const Napi::CallbackInfo& info);
  Napi::Value progress(const Napi::CallbackInfo& info);

  void finish();
  void end();
  Napi::Object counts() const;
  Napi::Object result() const;

  Napi::FunctionReference on_finish_;
  std::unique_ptr<Napi::AsyncContext> context_;
  std::unique_ptr<LoadGenerator> generator_;
  int cpu_ = -1;
  uv_async_t finished_;
  bool ended_ = false;
  napi_async_cleanup_hook_handle cleanup_ = nullptr;
};

}  // namespace multisocket

#endif  // MULTISOCKET_LOAD_GENERATOR_OBJECT_H_
