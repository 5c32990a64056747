#include "node/system_error.h"

#include <uv.h>

namespace multisocket {

void throw_system_error(Napi::Env env, int error, const char* syscall, const std::string& address, int port) {
  std::string message = std::string(syscall) + " " + uv_err_name(error) + ": " + uv_strerror(error);
  if (!address.empty()) message += " " + address;
  if (port >= 0) message += ":" + std::to_string(port);
  const Napi::Error exception = Napi::Error::New(env, message);
  exception.Set("errno", Napi::Number::New(env, error));
  exception.Set("code", Napi::String::New(env, uv_err_name(error)));
  exception.Set("syscall", Napi::String::New(env, syscall));
  if (!address.empty()) exception.Set("address", Napi::String::New(env, address));
  if (port >= 0) exception.Set("port", Napi::Number::New(env, port));
  exception.ThrowAsJavaScriptException();
}

}  // namespace multisocket
