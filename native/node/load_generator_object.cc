#include "node/load_generator_object.h"

#include <utility>

#include "node/system_error.h"

namespace multisocket {
namespace {

constexpr double kMilliseconds = 1e6;

LoadPlan read_plan(Napi::Object given, Napi::Uint8Array questions) {
  const auto number = [&](const char* name) { return given.Get(name).As<Napi::Number>().DoubleValue(); };
  const auto time = [&](const char* name) { return static_cast<uint64_t>(number(name) * kMilliseconds); };
  LoadPlan plan;
  const std::string address = given.Get("address").As<Napi::String>().Utf8Value();
  const int port = static_cast<int>(number("port"));
  auto* target6 = reinterpret_cast<sockaddr_in6*>(&plan.target);
  auto* target4 = reinterpret_cast<sockaddr_in*>(&plan.target);
  if (uv_ip4_addr(address.c_str(), port, target4) == 0)
    plan.target_size = sizeof *target4;
  else if (uv_ip6_addr(address.c_str(), port, target6) == 0)
    plan.target_size = sizeof *target6;
  plan.tcp = given.Get("tcp").As<Napi::Boolean>();
  plan.one_query_a_connection = given.Get("oneQueryAConnection").As<Napi::Boolean>();
  plan.clients = static_cast<unsigned>(number("clients"));
  plan.burst = static_cast<unsigned>(number("burst"));
  plan.window = static_cast<unsigned>(number("window"));
  plan.rate = number("rate");
  plan.count = static_cast<uint64_t>(number("count"));
  plan.duration = time("duration");
  plan.timeout = time("timeout");
  plan.interval = time("interval");
  plan.questions.assign(questions.Data(), questions.Data() + questions.ByteLength());
  return plan;
}

}  // namespace

Napi::Function LoadGeneratorObject::define(Napi::Env env) {
  return DefineClass(env, "LoadGenerator",
                     {
                         InstanceMethod<&LoadGeneratorObject::start>("start"),
                         InstanceMethod<&LoadGeneratorObject::stop>("stop"),
                         InstanceMethod<&LoadGeneratorObject::progress>("progress"),
                     });
}

LoadGeneratorObject::LoadGeneratorObject(const Napi::CallbackInfo& info) : Napi::ObjectWrap<LoadGeneratorObject>(info) {
  const Napi::Env env = info.Env();
  auto given = info[0].As<Napi::Object>();
  const LoadPlan plan = read_plan(given, info[1].As<Napi::Uint8Array>());
  generator_ = std::make_unique<LoadGenerator>(plan);
  if (plan.target_size == 0 || !generator_->valid()) {
    Napi::RangeError::New(env, plan.target_size == 0 ? "not an IP address" : "not a list of queries")
        .ThrowAsJavaScriptException();
    return;
  }
  cpu_ = given.Get("cpu").As<Napi::Number>().Int32Value();
  on_finish_ = LoopCallback(info[2].As<Napi::Function>(), "multisocket:LoadGenerator");
}

void LoadGeneratorObject::start(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  uv_loop_t* loop = event_loop(env);
  if (loop == nullptr) return;
  finished_.data = this;
  uv_async_init(loop, &finished_,
                [](uv_async_t* handle) { static_cast<LoadGeneratorObject*>(handle->data)->finish(); });
  hold_.take(this);
  const SocketFailure failure = generator_->start(cpu_, [this]() { uv_async_send(&finished_); });
  if (failure.syscall == nullptr) return;
  begin_close();
  throw_system_error(env, failure.error, failure.syscall);
}

void LoadGeneratorObject::stop(const Napi::CallbackInfo& /*info*/) { generator_->stop(); }

Napi::Value LoadGeneratorObject::progress(const Napi::CallbackInfo& /*info*/) { return counts(); }

void LoadGeneratorObject::finish() {
  if (ended_) return;
  const Napi::HandleScope scope(Env());
  begin_close();
  on_finish_({result()});
}

void LoadGeneratorObject::begin_close() {
  if (std::exchange(ended_, true)) return;
  generator_->abort();
  uv_close(reinterpret_cast<uv_handle_t*>(&finished_), [](uv_handle_t* handle) {
    auto* object = static_cast<LoadGeneratorObject*>(handle->data);
    object->hold_.release(object);
  });
}

Napi::Object LoadGeneratorObject::counts() const {
  const Napi::Env env = Env();
  const LoadCounts& counts = generator_->counts();
  auto object = Napi::Object::New(env);
  const auto set = [&](const char* name, const LoadCount& count) {
    object.Set(name, static_cast<double>(count.get()));
  };
  set("sent", counts.sent);
  set("answered", counts.answered);
  set("lost", counts.lost);
  set("late", counts.late);
  set("mismatched", counts.mismatched);
  set("duplicates", counts.duplicates);
  set("unexpected", counts.unexpected);
  set("truncated", counts.truncated);
  set("skipped", counts.skipped);
  set("refused", counts.refused);
  set("connections", counts.connections);
  set("disconnects", counts.disconnects);
  auto rcodes = Napi::Array::New(env, counts.rcodes.size());
  for (uint32_t i = 0; i < counts.rcodes.size(); i++) rcodes.Set(i, static_cast<double>(counts.rcodes[i].get()));
  object.Set("rcodes", rcodes);
  object.Set("elapsed", static_cast<double>(generator_->elapsed()) / kMilliseconds);
  object.Set("oldestWait", static_cast<double>(generator_->oldest_wait()) / kMilliseconds);
  return object;
}

Napi::Object LoadGeneratorObject::result() const {
  const Napi::Env env = Env();
  const LoadLedger& ledger = generator_->ledger();
  Napi::Object object = counts();
  const auto set_time = [&](const char* name, uint64_t nanoseconds) {
    object.Set(name, static_cast<double>(nanoseconds) / kMilliseconds);
  };
  set_time("elapsed", generator_->measured());
  set_time("cpuTime", generator_->cpu_time());
  set_time("behind", generator_->behind());
  set_time("longest", ledger.latency().longest());
  object.Set("drops", static_cast<double>(generator_->drops()));

  auto buckets = Napi::Array::New(env);
  uint32_t length = 0;
  for (unsigned bucket = 0; bucket < LatencyHistogram::kBuckets; bucket++) {
    const uint64_t count = ledger.latency().count(bucket);
    if (count == 0) continue;
    buckets.Set(length++, static_cast<double>(LatencyHistogram::upper_bound(bucket)) / kMilliseconds);
    buckets.Set(length++, static_cast<double>(count));
  }
  object.Set("latency", buckets);

  const auto& series = ledger.series();
  size_t used = series.size();
  while (used > 0 && series[used - 1].sent + series[used - 1].answered + series[used - 1].lost == 0) used--;
  auto rows = Napi::Array::New(env, used);
  for (uint32_t i = 0; i < used; i++) {
    auto row = Napi::Object::New(env);
    row.Set("sent", static_cast<double>(series[i].sent));
    row.Set("answered", static_cast<double>(series[i].answered));
    row.Set("lost", static_cast<double>(series[i].lost));
    row.Set("longest", static_cast<double>(series[i].longest) / kMilliseconds);
    rows.Set(i, row);
  }
  object.Set("series", rows);
  return object;
}

}  // namespace multisocket
