#include "node/layout_description.h"

#include <cstddef>
#include <cstdint>

#include "message/layout.h"

namespace multisocket {
namespace {

struct Number {
  const char* name;
  uint32_t value;
};

template <size_t N>
Napi::Object numbers(Napi::Env env, const Number (&from)[N]) {
  auto object = Napi::Object::New(env);
  for (const Number& number : from) object.Set(number.name, number.value);
  return object;
}

template <size_t N>
Napi::Array names(Napi::Env env, const char* const (&from)[N]) {
  auto array = Napi::Array::New(env, N);
  for (size_t i = 0; i < N; i++) array.Set(static_cast<uint32_t>(i), from[i]);
  return array;
}

}  // namespace

Napi::Object describe_layout(Napi::Env env) {
  using namespace layout;  // the lists use its constants
#define LAYOUT_NUMBER(constant, name, description) {#name, constant},
  Napi::Object result = numbers(env, {LAYOUT_NUMBERS(LAYOUT_NUMBER)});
  result.Set("envelope", numbers(env, {LAYOUT_ENVELOPE(LAYOUT_NUMBER)}));
  result.Set("query", numbers(env, {LAYOUT_QUERY(LAYOUT_NUMBER)}));
  result.Set("verdict", numbers(env, {LAYOUT_VERDICT(LAYOUT_NUMBER)}));
  result.Set("stream", numbers(env, {LAYOUT_STREAM(LAYOUT_NUMBER)}));
  result.Set("outbox", numbers(env, {LAYOUT_OUTBOX(LAYOUT_NUMBER)}));
  result.Set("tcp", numbers(env, {LAYOUT_TCP(LAYOUT_NUMBER)}));
  result.Set("tcpReply", numbers(env, {LAYOUT_TCP_REPLY(LAYOUT_NUMBER)}));
  result.Set("tcpSetting", numbers(env, {LAYOUT_TCP_SETTING(LAYOUT_NUMBER)}));
  result.Set("client", numbers(env, {LAYOUT_CLIENT(LAYOUT_NUMBER)}));
  result.Set("ask", numbers(env, {LAYOUT_ASK(LAYOUT_NUMBER)}));
  result.Set("answer", numbers(env, {LAYOUT_ANSWER(LAYOUT_NUMBER)}));
  result.Set("outcome", numbers(env, {LAYOUT_OUTCOME(LAYOUT_NUMBER)}));
  result.Set("kind", numbers(env, {LAYOUT_KIND(LAYOUT_NUMBER)}));
  result.Set("keeping", numbers(env, {LAYOUT_KEEPING(LAYOUT_NUMBER)}));
  result.Set("log", numbers(env, {LAYOUT_LOG(LAYOUT_NUMBER)}));
  result.Set("logRecord", numbers(env, {LAYOUT_LOG_RECORD(LAYOUT_NUMBER)}));
#undef LAYOUT_NUMBER
  result.Set("socketCounters", names(env, {LAYOUT_SOCKET_COUNTERS(LAYOUT_STRING)}));
  result.Set("workerCounters", names(env, {LAYOUT_WORKER_COUNTERS(LAYOUT_STRING)}));
  return result;
}

}  // namespace multisocket
