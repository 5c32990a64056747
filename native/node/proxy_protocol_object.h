// The ProxyProtocol in JavaScript. It is passed to the endpoints, and reads headers for connections that Node accepts.
#ifndef MULTISOCKET_PROXY_PROTOCOL_OBJECT_H_
#define MULTISOCKET_PROXY_PROTOCOL_OBJECT_H_

#include <napi.h>

#include <memory>

#include "message/proxy_protocol.h"

namespace multisocket {

class ProxyProtocolObject : public Napi::ObjectWrap<ProxyProtocolObject> {
 public:
  static Napi::Function define(Napi::Env env);
  explicit ProxyProtocolObject(const Napi::CallbackInfo& info);

  // Returns null if `value` is not an object.
  static std::shared_ptr<const ProxyProtocol> of(const Napi::Value& value);

 private:
  Napi::Value trusts(const Napi::CallbackInfo& info);
  Napi::Value examines(const Napi::CallbackInfo& info);
  Napi::Value read(const Napi::CallbackInfo& info);

  std::shared_ptr<const ProxyProtocol> proxy_;
};

}  // namespace multisocket

#endif  // MULTISOCKET_PROXY_PROTOCOL_OBJECT_H_
