// The UdpEndpoint in JavaScript. It converts arguments, calls back with queries, and closes with the environment.
#ifndef MULTISOCKET_UDP_ENDPOINT_OBJECT_H_
#define MULTISOCKET_UDP_ENDPOINT_OBJECT_H_

#include <napi.h>

#include <memory>

#include "node/async_object.h"
#include "udp/udp_endpoint.h"

namespace multisocket {

class UdpEndpointObject : public Napi::ObjectWrap<UdpEndpointObject> {
 public:
  static Napi::Function define(Napi::Env env);
  explicit UdpEndpointObject(const Napi::CallbackInfo& info);

  // Closes the endpoint. EnvironmentHold also calls this.
  void begin_close();

 private:
  void add(const Napi::CallbackInfo& info);
  void believe(const Napi::CallbackInfo& info);
  void stop(const Napi::CallbackInfo& info);
  void start(const Napi::CallbackInfo& info);
  void remove(const Napi::CallbackInfo& info);
  void flush(const Napi::CallbackInfo& info);
  void guard(const Napi::CallbackInfo& info);
  void drop_older_than(const Napi::CallbackInfo& info);
  void ref(const Napi::CallbackInfo& info);
  void unref(const Napi::CallbackInfo& info);
  void close(const Napi::CallbackInfo& info);

  void serve(uint32_t count);

  LoopCallback on_queries_;
  LoopCallback on_held_;
  Napi::ObjectReference memory_;  // keeps the shared arrays alive
  std::shared_ptr<UdpEndpoint> endpoint_;
  EnvironmentHold<UdpEndpointObject> hold_;
};

}  // namespace multisocket

#endif  // MULTISOCKET_UDP_ENDPOINT_OBJECT_H_
