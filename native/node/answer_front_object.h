// The AnswerFront in JavaScript. It is made from AnswerCaches and passed to the engines that read sockets.
#ifndef MULTISOCKET_ANSWER_FRONT_OBJECT_H_
#define MULTISOCKET_ANSWER_FRONT_OBJECT_H_

#include <napi.h>

#include <memory>

#include "cache/answer_front.h"

namespace multisocket {

class AnswerFrontObject : public Napi::ObjectWrap<AnswerFrontObject> {
 public:
  static Napi::Function define(Napi::Env env);
  explicit AnswerFrontObject(const Napi::CallbackInfo& info);

  // Returns null if `value` is not an object.
  static std::shared_ptr<const AnswerFront> of(const Napi::Value& value);

 private:
  std::shared_ptr<const AnswerFront> front_;
};

}  // namespace multisocket

#endif  // MULTISOCKET_ANSWER_FRONT_OBJECT_H_
