#include "node/descriptor_channel_object.h"

#include <string>
#include <vector>

#include "net/descriptor_channel.h"
#include "node/system_error.h"

namespace multisocket {
namespace {

// Returns true if there is no result. A call that must be repeated later returns `undefined`; any other failure throws.
bool nothing(Napi::Env env, const SocketFailure& failure, const std::string& path = "") {
  if (failure.syscall == nullptr) return false;
  if (failure.error != UV_EAGAIN || !path.empty()) throw_system_error(env, failure.error, failure.syscall, path);
  return true;
}

}  // namespace

Napi::Function DescriptorChannelObject::define(Napi::Env env) {
  return DefineClass(env, "DescriptorChannel",
                     {
                         StaticMethod<&DescriptorChannelObject::listen>("listen"),
                         StaticMethod<&DescriptorChannelObject::connect>("connect"),
                         InstanceMethod<&DescriptorChannelObject::accept>("accept"),
                         InstanceMethod<&DescriptorChannelObject::send>("send"),
                         InstanceMethod<&DescriptorChannelObject::receive>("receive"),
                         InstanceMethod<&DescriptorChannelObject::wait>("wait"),
                         InstanceMethod<&DescriptorChannelObject::close>("close"),
                     });
}

DescriptorChannelObject::DescriptorChannelObject(const Napi::CallbackInfo& info)
    : Napi::ObjectWrap<DescriptorChannelObject>(info), descriptor_(info[0].As<Napi::Number>().Int32Value()) {
  const Napi::Env env = info.Env();
  on_ready_ = LoopCallback(info[1].As<Napi::Function>(), "multisocket:DescriptorChannel");
  uv_loop_t* loop = event_loop(env);
  if (loop == nullptr) return;
  const int error = uv_poll_init(loop, &poll_, descriptor_.get());
  if (error != 0) {
    throw_system_error(env, error, "poll");
    return;
  }
  poll_.data = this;
  hold_.take(this);
}

Napi::Value DescriptorChannelObject::listen(const Napi::CallbackInfo& info) {
  const std::string path = info[0].As<Napi::String>().Utf8Value();
  Descriptor listener;
  const auto mode = static_cast<mode_t>(info[1].As<Napi::Number>().Uint32Value());
  if (nothing(info.Env(), listen_for_channels(path, mode, &listener), path)) return info.Env().Undefined();
  return Napi::Number::New(info.Env(), listener.release());
}

Napi::Value DescriptorChannelObject::connect(const Napi::CallbackInfo& info) {
  const std::string path = info[0].As<Napi::String>().Utf8Value();
  Descriptor channel;
  if (nothing(info.Env(), connect_channel(path, &channel), path)) return info.Env().Undefined();
  return Napi::Number::New(info.Env(), channel.release());
}

Napi::Value DescriptorChannelObject::accept(const Napi::CallbackInfo& info) {
  Descriptor channel;
  if (nothing(info.Env(), accept_channel(descriptor_.get(), &channel))) return info.Env().Undefined();
  return Napi::Number::New(info.Env(), channel.release());
}

Napi::Value DescriptorChannelObject::send(const Napi::CallbackInfo& info) {
  auto bytes = info[0].As<Napi::Uint8Array>();
  const auto given = info[1].As<Napi::Array>();
  std::vector<int> descriptors(given.Length());
  for (uint32_t i = 0; i < given.Length(); i++) {
    descriptors[i] = Napi::Value(given[i]).As<Napi::Number>().Int32Value();
  }
  size_t sent = 0;
  const SocketFailure failure =
      send_descriptors(descriptor_.get(), bytes.Data(), bytes.ElementLength(), descriptors, &sent);
  if (nothing(info.Env(), failure)) return info.Env().Undefined();
  return Napi::Number::New(info.Env(), static_cast<double>(sent));
}

Napi::Value DescriptorChannelObject::receive(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  auto bytes = info[0].As<Napi::Uint8Array>();
  size_t received = 0;
  std::vector<Descriptor> descriptors;
  const SocketFailure failure =
      receive_descriptors(descriptor_.get(), bytes.Data(), bytes.ElementLength(), &received, &descriptors);
  if (nothing(env, failure)) return env.Undefined();
  auto result = Napi::Object::New(env);
  auto numbers = Napi::Array::New(env, descriptors.size());
  result.Set("length", static_cast<double>(received));
  result.Set("descriptors", numbers);
  for (uint32_t i = 0; i < descriptors.size(); i++) numbers.Set(i, descriptors[i].release());
  return result;
}

void DescriptorChannelObject::wait(const Napi::CallbackInfo& info) {
  if (closing_) return;
  const int events = info[0].As<Napi::Boolean>().Value() ? UV_WRITABLE : UV_READABLE;
  const int error = uv_poll_start(&poll_, events, [](uv_poll_t* poll, int /*status*/, int /*events*/) {
    // The next call reports errors of the socket.
    uv_poll_stop(poll);
    const auto* object = static_cast<const DescriptorChannelObject*>(poll->data);
    const Napi::HandleScope scope(object->Env());
    object->on_ready_({});
  });
  if (error != 0) throw_system_error(info.Env(), error, "poll");
}

void DescriptorChannelObject::close(const Napi::CallbackInfo& /*info*/) { begin_close(); }

void DescriptorChannelObject::begin_close() {
  if (closing_) return;
  closing_ = true;
  // Closing the handle removes the descriptor from the loop's epoll set at once. The descriptor may be closed only
  // after that.
  uv_close(reinterpret_cast<uv_handle_t*>(&poll_), [](uv_handle_t* handle) {
    auto* object = static_cast<DescriptorChannelObject*>(handle->data);
    object->hold_.release(object);
  });
  descriptor_.reset();
}

}  // namespace multisocket
