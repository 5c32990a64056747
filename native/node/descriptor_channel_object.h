// The DescriptorChannel in JavaScript: a channel or a listener, with its wait on the event loop.
#ifndef MULTISOCKET_DESCRIPTOR_CHANNEL_OBJECT_H_
#define MULTISOCKET_DESCRIPTOR_CHANNEL_OBJECT_H_

#include <napi.h>
#include <uv.h>

#include "net/descriptor.h"
#include "node/async_object.h"

namespace multisocket {

class DescriptorChannelObject : public Napi::ObjectWrap<DescriptorChannelObject> {
 public:
  static Napi::Function define(Napi::Env env);
  explicit DescriptorChannelObject(const Napi::CallbackInfo& info);

  // Closes the channel. EnvironmentHold also calls this.
  void begin_close();

 private:
  static Napi::Value listen(const Napi::CallbackInfo& info);
  static Napi::Value connect(const Napi::CallbackInfo& info);
  Napi::Value accept(const Napi::CallbackInfo& info);
  Napi::Value send(const Napi::CallbackInfo& info);
  Napi::Value receive(const Napi::CallbackInfo& info);
  void wait(const Napi::CallbackInfo& info);
  void close(const Napi::CallbackInfo& info);

  Descriptor descriptor_;
  LoopCallback on_ready_;
  uv_poll_t poll_{};  // the object lives until libuv has released it
  bool closing_ = false;
  EnvironmentHold<DescriptorChannelObject> hold_;
};

}  // namespace multisocket

#endif  // MULTISOCKET_DESCRIPTOR_CHANNEL_OBJECT_H_
