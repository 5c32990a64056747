// The Guard in JavaScript: one thread's access to one of the process's GuardStates. The others find it by its number.
#ifndef MULTISOCKET_GUARD_OBJECT_H_
#define MULTISOCKET_GUARD_OBJECT_H_

#include <napi.h>

#include <memory>

#include "guard/guard.h"

namespace multisocket {

class GuardObject : public Napi::ObjectWrap<GuardObject> {
 public:
  static Napi::Function define(Napi::Env env);

  explicit GuardObject(const Napi::CallbackInfo& info);

  const std::shared_ptr<Guard>& guard() const { return guard_; }

 private:
  Napi::Value number(const Napi::CallbackInfo& info);
  void set_cookie_secrets(const Napi::CallbackInfo& info);

  std::shared_ptr<GuardState> state_;
  std::shared_ptr<Guard> guard_;
  uint32_t number_ = 0;
};

}  // namespace multisocket

#endif  // MULTISOCKET_GUARD_OBJECT_H_
