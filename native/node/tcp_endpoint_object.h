// The TcpEndpoint in JavaScript. It converts arguments, calls back with queries, and closes with the environment.
#ifndef MULTISOCKET_TCP_ENDPOINT_OBJECT_H_
#define MULTISOCKET_TCP_ENDPOINT_OBJECT_H_

#include <napi.h>

#include <memory>

#include "node/async_object.h"
#include "tcp/tcp_endpoint.h"

namespace multisocket {

class TcpEndpointObject : public Napi::ObjectWrap<TcpEndpointObject> {
 public:
  static Napi::Function define(Napi::Env env);
  explicit TcpEndpointObject(const Napi::CallbackInfo& info);

  // Closes the endpoint. EnvironmentHold also calls this.
  void begin_close();

 private:
  void add(const Napi::CallbackInfo& info);
  void release(const Napi::CallbackInfo& info);
  Napi::Value drain(const Napi::CallbackInfo& info);
  void flush(const Napi::CallbackInfo& info);
  void guard(const Napi::CallbackInfo& info);
  void begin_stream(const Napi::CallbackInfo& info);
  Napi::Value send_stream(const Napi::CallbackInfo& info);
  void end_stream(const Napi::CallbackInfo& info);
  void ref(const Napi::CallbackInfo& info);
  void unref(const Napi::CallbackInfo& info);
  void close(const Napi::CallbackInfo& info);

  void call(const LoopCallback& callback);

  LoopCallback on_queries_;
  LoopCallback on_held_;
  LoopCallback on_pause_;
  LoopCallback on_drained_;
  LoopCallback on_stream_;
  Napi::ObjectReference memory_;  // keeps the shared arrays alive
  std::shared_ptr<TcpEndpoint> endpoint_;
  EnvironmentHold<TcpEndpointObject> hold_;
};

}  // namespace multisocket

#endif  // MULTISOCKET_TCP_ENDPOINT_OBJECT_H_
