// System errors in Node's form: code, errno (libuv's, negative), syscall, and, if there is one, address and port.
#ifndef MULTISOCKET_SYSTEM_ERROR_H_
#define MULTISOCKET_SYSTEM_ERROR_H_

#include <napi.h>

#include <string>

namespace multisocket {

// Leaves an exception pending in `env`. `error`: a libuv error (uv_translate_sys_error).
void throw_system_error(Napi::Env env, int error, const char* syscall, const std::string& address = "", int port = -1);

}  // namespace multisocket

#endif  // MULTISOCKET_SYSTEM_ERROR_H_
