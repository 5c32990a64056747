// The LoadGenerator in JavaScript. It takes a plan, returns a result, and ends with the environment.
#ifndef MULTISOCKET_LOAD_GENERATOR_OBJECT_H_
#define MULTISOCKET_LOAD_GENERATOR_OBJECT_H_

#include <napi.h>
#include <uv.h>

#include <memory>

#include "load/load_generator.h"
#include "node/async_object.h"

namespace multisocket {

class LoadGeneratorObject : public Napi::ObjectWrap<LoadGeneratorObject> {
 public:
  static Napi::Function define(Napi::Env env);
  explicit LoadGeneratorObject(const Napi::CallbackInfo& info);

  // Ends the generator's thread, which then makes no more calls. EnvironmentHold also calls this.
  void begin_close();

 private:
  void start(const Napi::CallbackInfo& info);
  void stop(const Napi::CallbackInfo& info);
  Napi::Value progress(const Napi::CallbackInfo& info);

  void finish();
  Napi::Object counts() const;
  Napi::Object result() const;

  LoopCallback on_finish_;
  std::unique_ptr<LoadGenerator> generator_;
  int cpu_ = -1;
  uv_async_t finished_;
  bool ended_ = false;
  EnvironmentHold<LoadGeneratorObject> hold_;
};

}  // namespace multisocket

#endif  // MULTISOCKET_LOAD_GENERATOR_OBJECT_H_
