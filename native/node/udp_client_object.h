// The UdpClient in JavaScript. It converts arguments, calls back with answers, and closes with the environment.
#ifndef MULTISOCKET_UDP_CLIENT_OBJECT_H_
#define MULTISOCKET_UDP_CLIENT_OBJECT_H_

#include <napi.h>

#include <memory>

#include "node/async_object.h"
#include "upstream/udp_client.h"

namespace multisocket {

class UdpClientObject : public Napi::ObjectWrap<UdpClientObject> {
 public:
  static Napi::Function define(Napi::Env env);
  explicit UdpClientObject(const Napi::CallbackInfo& info);
  // Reads an answer from a stream into a row of answers and returns the outcome.
  static Napi::Value read_answer(const Napi::CallbackInfo& info);

  // Closes the client. EnvironmentHold also calls this.
  void begin_close();

 private:
  void add(const Napi::CallbackInfo& info);
  void flush(const Napi::CallbackInfo& info);
  Napi::Value forget(const Napi::CallbackInfo& info);
  Napi::Value counters(const Napi::CallbackInfo& info);
  void close(const Napi::CallbackInfo& info);

  void deliver(uint32_t count);

  LoopCallback on_answers_;
  Napi::ObjectReference memory_;  // keeps the shared arrays alive
  std::shared_ptr<UdpClient> client_;
  EnvironmentHold<UdpClientObject> hold_;
};

}  // namespace multisocket

#endif  // MULTISOCKET_UDP_CLIENT_OBJECT_H_
