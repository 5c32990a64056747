// The functions and classes that JavaScript sees. Each function reads its arguments, calls the engine, and converts the
// result. lib/native/addon.ts gives their types and meanings. It is the only caller, so this file does not check the
// types of arguments again.
#include <napi.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <string>
#include <thread>

#include "guard/client_options.h"
#include "message/layout.h"
#include "net/descriptor_room.h"
#include "node/answer_cache_object.h"
#include "node/answer_front_object.h"
#include "node/descriptor_channel_object.h"
#include "node/guard_object.h"
#include "node/layout_description.h"
#include "node/proxy_protocol_object.h"
#include "node/query_log_object.h"
#include "node/zone_table_object.h"
#ifdef MULTISOCKET_LOAD_GENERATOR
#include "node/load_generator_object.h"
#endif
#ifdef MULTISOCKET_TCP_ENDPOINT
#include "node/tcp_endpoint_object.h"
#endif
#include "message/message_view.h"
#include "message/query_origin.h"
#include "message/wire.h"
#include "net/local_datagram.h"
#include "net/reuseport.h"
#include "net/socket.h"
#include "net/text_address.h"
#include "net/thread_pin.h"
#include "node/stream_admission_object.h"
#include "node/system_error.h"
#include "node/udp_client_object.h"
#include "node/udp_endpoint_object.h"
#include "zone/huge_pages.h"

namespace multisocket {
namespace {

Napi::Value open_socket(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto given = info[0].As<Napi::Object>();
  const auto number = [&](const char* name) { return given.Get(name).As<Napi::Number>().Int32Value(); };
  const auto flag = [&](const char* name) { return given.Get(name).As<Napi::Boolean>().Value(); };
  const auto text = [&](const char* name) { return given.Get(name).As<Napi::String>().Utf8Value(); };
  SocketOptions options;
  options.tcp = text("protocol") == "tcp";
  options.address = text("address");
  options.port = static_cast<uint16_t>(number("port"));
  options.reuse_port = flag("reusePort");
  options.exclusive = flag("exclusive");
  options.ipv6_only = flag("ipv6Only");
  options.freebind = flag("freebind");
  options.interface = text("interface");
  options.receive_buffer_size = number("receiveBufferSize");
  options.send_buffer_size = number("sendBufferSize");
  options.backlog = number("backlog");
  options.fast_open = number("fastOpen");

  OpenSocket opened;
  const SocketFailure failure = multisocket::open_socket(options, &opened);
  if (failure.syscall != nullptr) {
    throw_system_error(env, failure.error, failure.syscall, options.address, options.port);
    return env.Undefined();
  }
  auto result = Napi::Object::New(env);
  result.Set("port", opened.port);
  result.Set("reusePort", opened.reuse_port);
  result.Set("receiveBufferSize", opened.receive_buffer_size);
  result.Set("sendBufferSize", opened.send_buffer_size);
  result.Set("fd", opened.descriptor.release());
  return result;
}

Napi::Value describe_socket(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  SocketDescription description;
  const SocketFailure failure = multisocket::describe_socket(info[0].As<Napi::Number>().Int32Value(), &description);
  if (failure.syscall != nullptr) {
    throw_system_error(env, failure.error, failure.syscall);
    return env.Undefined();
  }
  auto result = Napi::Object::New(env);
  result.Set("protocol", description.tcp ? "tcp" : "udp");
  result.Set("address", description.address);
  result.Set("port", description.port);
  result.Set("reusePort", description.reuse_port);
  result.Set("ipv6Only", description.ipv6_only);
  result.Set("listening", description.listening);
  result.Set("interface", description.interface);
  result.Set("receiveBufferSize", description.receive_buffer_size);
  result.Set("sendBufferSize", description.send_buffer_size);
  return result;
}

void prepare_inherited(const Napi::CallbackInfo& info) {
  const SocketFailure failure = multisocket::prepare_inherited(info[0].As<Napi::Number>().Int32Value());
  if (failure.syscall != nullptr) throw_system_error(info.Env(), failure.error, failure.syscall);
}

Napi::Value duplicate(const Napi::CallbackInfo& info) {
  Descriptor copy = Descriptor::duplicate(info[0].As<Napi::Number>().Int32Value());
  if (!copy.valid()) {
    throw_system_error(info.Env(), uv_translate_sys_error(errno), "dup");
    return info.Env().Undefined();
  }
  return Napi::Number::New(info.Env(), copy.release());
}

void close_socket(const Napi::CallbackInfo& info) { Descriptor(info[0].As<Napi::Number>().Int32Value()).reset(); }

Napi::Value has_descriptor_room(const Napi::CallbackInfo& info) {
  const bool room = descriptor_room(info[0].As<Napi::Number>().Int32Value(), info[1].As<Napi::Number>().Uint32Value());
  return Napi::Boolean::New(info.Env(), room);
}

void steer(const Napi::CallbackInfo& info) {
  const std::string name = info[1].As<Napi::String>().Utf8Value();
  const Steering steering = name == "random" ? Steering::kRandom : name == "cpu" ? Steering::kCpu : Steering::kHash;
  const int error =
      multisocket::steer(info[0].As<Napi::Number>().Int32Value(), steering, info[2].As<Napi::Number>().Uint32Value());
  if (error != 0) throw_system_error(info.Env(), error, "setsockopt");
}

void pin_thread(const Napi::CallbackInfo& info) {
  const int error = multisocket::pin_thread(info[0].As<Napi::Number>().Uint32Value());
  if (error != 0) throw_system_error(info.Env(), error, "sched_setaffinity");
}

void use_huge_pages(const Napi::CallbackInfo& info) {
  auto column = info[0].As<Napi::Uint8Array>();
  multisocket::use_huge_pages(column.Data(), column.ByteLength());
}

void send_local_datagram(const Napi::CallbackInfo& info) {
  const auto text = [&](size_t place) { return info[place].As<Napi::String>().Utf8Value(); };
  const int error = multisocket::send_local_datagram(text(0), text(1));
  if (error != 0) throw_system_error(info.Env(), error, "sendto");
}

Napi::Value leave(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), multisocket::leave(info[0].As<Napi::Number>().Int32Value()) == 0);
}

// Closes a listening socket for every holder of a descriptor of it. New connections are refused, and the port can be
// bound again with SO_REUSEADDR.
void stop_listening(const Napi::CallbackInfo& info) { shutdown(info[0].As<Napi::Number>().Int32Value(), SHUT_RD); }

// Ends the process with this exit status after a number of milliseconds, unless it has ended by then. Node waits for
// every thread before it ends, and a thread in a system call may never return.
void exit_within(const Napi::CallbackInfo& info) {
  const int status = info[0].As<Napi::Number>().Int32Value();
  const std::chrono::milliseconds bound(info[1].As<Napi::Number>().Uint32Value());
  std::thread([status, bound]() {
    std::this_thread::sleep_for(bound);
    _exit(status);
  }).detach();
}

void abandon_endpoint(const Napi::CallbackInfo& info) {
  const auto counters = info[0].As<Napi::Float64Array>();
  UdpEndpoint::abandon(counters.Data() + info[1].As<Napi::Number>().Uint32Value());
}

Napi::Value statistics(const Napi::CallbackInfo& info) {
  const SocketStatistics read = socket_statistics(info[0].As<Napi::Number>().Int32Value());
  auto result = Napi::Object::New(info.Env());
  result.Set("queued", read.queued);
  result.Set("capacity", read.capacity);
  result.Set("drops", read.drops);
  return result;
}

Napi::Value add_options(const Napi::CallbackInfo& info) {
  auto reply = info[0].As<Napi::Uint8Array>();
  const auto length = info[1].As<Napi::Number>().Uint32Value();
  const auto opt = info[2].As<Napi::Number>().Uint32Value();
  const uint32_t* row = info[3].As<Napi::Uint32Array>().Data();
  auto edns = info[4].As<Napi::Uint8Array>();
  uint8_t cookie[kCookieSize];
  for (size_t at = 0; at < kCookieSize; at += 4) write32(cookie + at, row[layout::kCookie + at / 4]);
  const size_t longer = add_client_options(
      reply.Data(), length, opt, reply.ElementLength(), static_cast<uint8_t>(row[layout::kAsked]),
      row[layout::kHasCookie] == 0 ? nullptr : cookie, EdnsSettings::of(edns.Data(), edns.ElementLength()));
  return Napi::Number::New(info.Env(), static_cast<double>(longer));
}

Napi::Value query_origin(const Napi::CallbackInfo& info) {
  QueryOrigin origin;
  uint8_t address[16] = {};
  size_t length;
  origin.set_transport(static_cast<Transport>(info[0].As<Napi::Number>().Uint32Value()));
  parse_address(info[1].As<Napi::String>().Utf8Value(), address, &length);
  origin.set_client(address, length);
  origin.set_client_port(htons(static_cast<uint16_t>(info[2].As<Napi::Number>().Uint32Value())));
  parse_address(info[3].As<Napi::String>().Utf8Value(), address, &length);
  origin.set_local(address, length);
  origin.set_local_port(htons(static_cast<uint16_t>(info[4].As<Napi::Number>().Uint32Value())));
  auto result = Napi::Uint8Array::New(info.Env(), QueryOrigin::kSize);
  memcpy(result.Data(), origin.bytes(), QueryOrigin::kSize);
  return result;
}

Napi::Object initialize(Napi::Env env, Napi::Object exports) {
  exports.Set("layout", describe_layout(env));
  exports.Set("openSocket", Napi::Function::New<open_socket>(env, "openSocket"));
  exports.Set("describeSocket", Napi::Function::New<describe_socket>(env, "describeSocket"));
  exports.Set("prepareInherited", Napi::Function::New<prepare_inherited>(env, "prepareInherited"));
  exports.Set("duplicate", Napi::Function::New<duplicate>(env, "duplicate"));
  exports.Set("closeSocket", Napi::Function::New<close_socket>(env, "closeSocket"));
  exports.Set("descriptorRoom", Napi::Function::New<has_descriptor_room>(env, "descriptorRoom"));
  exports.Set("steer", Napi::Function::New<steer>(env, "steer"));
  exports.Set("sendLocalDatagram", Napi::Function::New<send_local_datagram>(env, "sendLocalDatagram"));
  exports.Set("useHugePages", Napi::Function::New<use_huge_pages>(env, "useHugePages"));
  exports.Set("pinThread", Napi::Function::New<pin_thread>(env, "pinThread"));
  exports.Set("leave", Napi::Function::New<leave>(env, "leave"));
  exports.Set("stopListening", Napi::Function::New<stop_listening>(env, "stopListening"));
  exports.Set("exitWithin", Napi::Function::New<exit_within>(env, "exitWithin"));
  exports.Set("abandonEndpoint", Napi::Function::New<abandon_endpoint>(env, "abandonEndpoint"));
  exports.Set("statistics", Napi::Function::New<statistics>(env, "statistics"));
  exports.Set("addOptions", Napi::Function::New<add_options>(env, "addOptions"));
  exports.Set("queryOrigin", Napi::Function::New<query_origin>(env, "queryOrigin"));
  exports.Set("answerKind", Napi::Function::New<AnswerCacheObject::kind>(env, "answerKind"));
  exports.Set("Guard", GuardObject::define(env));
  exports.Set("AnswerCache", AnswerCacheObject::define(env));
  exports.Set("AnswerFront", AnswerFrontObject::define(env));
  exports.Set("ZoneTable", ZoneTableObject::define(env));
  exports.Set("QueryLog", QueryLogObject::define(env));
  exports.Set("ProxyProtocol", ProxyProtocolObject::define(env));
  exports.Set("DescriptorChannel", DescriptorChannelObject::define(env));
  exports.Set("StreamAdmission", StreamAdmissionObject::define(env));
  exports.Set("UdpClient", UdpClientObject::define(env));
  exports.Set("readAnswer", Napi::Function::New<UdpClientObject::read_answer>(env, "readAnswer"));
  exports.Set("UdpEndpoint", UdpEndpointObject::define(env));
#ifdef MULTISOCKET_TCP_ENDPOINT
  exports.Set("TcpEndpoint", TcpEndpointObject::define(env));
#endif
#ifdef MULTISOCKET_LOAD_GENERATOR
  exports.Set("LoadGenerator", LoadGeneratorObject::define(env));
#endif
  return exports;
}

}  // namespace

NODE_API_MODULE(NODE_GYP_MODULE_NAME, initialize)

}  // namespace multisocket
