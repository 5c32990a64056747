// The Guard in JavaScript. It belongs to this thread, and refers to one of the process's GuardStates by number.
#ifndef MULTISOCKET_GUARD_OBJECT_H_
#define MULTISOCKET_GUARD_OBJECT_H_

#include <napi.h>

#include <memory>

#include "guard/guard.h"

namespace multisocket {

class GuardObject : public Napi::ObjectWrap<GuardObject> {
 public:
  static Napi::Function define(Napi::Env env);
  // Opens a GuardState of the process; the next two change and close it.
  static Napi::Value open(const Napi::CallbackInfo& info);
  static void set_cookie_secrets(const Napi::CallbackInfo& info);
  static void close(const Napi::CallbackInfo& info);

  explicit GuardObject(const Napi::CallbackInfo& info);

  const std::shared_ptr<Guard>& guard() const { return guard_; }

 private:
  std::shared_ptr<Guard> guard_;
};

}  // namespace multisocket

#endif  // MULTISOCKET_GUARD_OBJECT_H_
