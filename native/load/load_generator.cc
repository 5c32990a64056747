#include "load/load_generator.h"

#include <pthread.h>
#include <sched.h>
#include <sys/prctl.h>
#include <uv.h>

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <utility>

namespace multisocket {
namespace {

// The longest time, in nanoseconds, until stop() and abort() take effect.
constexpr uint64_t kMostWait = 10'000'000;
// Queries between two checks for answers.
constexpr unsigned kTurn = 256;

uint64_t read_clock(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);
  return static_cast<uint64_t>(time.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(time.tv_nsec);
}

int pin(std::thread* thread, int cpu) {
  cpu_set_t cpus;
  CPU_ZERO(&cpus);
  CPU_SET(cpu, &cpus);
  return pthread_setaffinity_np(thread->native_handle(), sizeof cpus, &cpus);
}

}  // namespace

uint64_t load_clock() { return read_clock(CLOCK_MONOTONIC); }

LoadGenerator::LoadGenerator(const LoadPlan& plan)
    : plan_(plan),
      ledger_(plan_),
      transport_(plan.tcp ? LoadTransport::tcp(plan_, &ledger_) : LoadTransport::udp(plan_, &ledger_)) {}

LoadGenerator::~LoadGenerator() { abort(); }

SocketFailure LoadGenerator::start(int cpu, std::function<void()> finished) {
  const SocketFailure failure = transport_->open();
  if (failure.syscall != nullptr) return failure;
  thread_ = std::thread([this, finished = std::move(finished)]() {
    run();
    finished();
  });
  const int error = cpu < 0 ? 0 : pin(&thread_, cpu);
  return error == 0 ? SocketFailure{} : SocketFailure{"sched_setaffinity", uv_translate_sys_error(error)};
}

void LoadGenerator::abort() {
  ending_.store(Ending::kNow, std::memory_order_relaxed);
  if (thread_.joinable()) thread_.join();
}

uint64_t LoadGenerator::oldest_wait() const {
  const uint64_t oldest = ledger_.oldest();
  const uint64_t now = load_clock();
  return oldest == 0 || oldest > now ? 0 : now - oldest;
}

uint64_t LoadGenerator::elapsed() const {
  const uint64_t started = started_.load(std::memory_order_relaxed);
  return started == 0 ? 0 : load_clock() - started;
}

void LoadGenerator::run() {
  prctl(PR_SET_TIMERSLACK, 1UL);  // wakes up on time instead of up to 50 us later
  uint64_t now = load_clock();
  uint64_t asked_last = now;
  ledger_.begin(now);
  started_.store(now, std::memory_order_relaxed);
  for (;;) {
    const Ending ending = ending_.load(std::memory_order_relaxed);
    ledger_.expire(now);
    const bool still_asking = ending == Ending::kNone && asking(now);
    unsigned sent = 0;
    if (still_asking) {
      sent = plan_.rate > 0 ? keep_schedule(now) : fill_window(now);
      asked_last = now;
    }
    if (ending == Ending::kNow || (!still_asking && ledger_.waiting() == 0)) break;
    transport_->receive(sent > 0 ? 0 : wait_until(now, still_asking));
    now = load_clock();
  }
  measured_ = std::max(asked_last, ledger_.last_answer()) - started_.load(std::memory_order_relaxed);
  drops_ = transport_->drops();
  transport_.reset();  // servers see the clients close now, not when this object is collected
  cpu_time_ = read_clock(CLOCK_THREAD_CPUTIME_ID);
}

bool LoadGenerator::asking(uint64_t now) const {
  return scheduled_ < plan_.count && now - started_.load(std::memory_order_relaxed) < plan_.duration;
}

unsigned LoadGenerator::fill_window(uint64_t now) {
  unsigned sent = 0;
  while (sent < kTurn && scheduled_ < plan_.count && ledger_.waiting() + plan_.burst <= plan_.window) {
    const unsigned left = send_burst(next_burst(), now, now);
    if (left == 0) break;
    sent += left;
    scheduled_ += left;
  }
  return sent;
}

unsigned LoadGenerator::keep_schedule(uint64_t now) {
  unsigned sent = 0;
  while (sent < kTurn && scheduled_ < plan_.count && due(scheduled_) <= now) {
    const uint64_t when = due(scheduled_);
    const unsigned burst = next_burst();
    const unsigned left = send_burst(burst, when, now);
    behind_ = std::max(behind_, now - when);
    ledger_.counts().skipped.add(burst - left);
    sent += left;
    scheduled_ += burst;
  }
  return sent;
}

unsigned LoadGenerator::next_burst() const {
  return static_cast<unsigned>(std::min<uint64_t>(plan_.burst, plan_.count - scheduled_));
}

// Sends from the next client that can send. Each burst has another client.
unsigned LoadGenerator::send_burst(unsigned burst, uint64_t due, uint64_t now) {
  for (unsigned tried = 0; tried < plan_.clients; tried++) {
    const unsigned client = next_client_;
    next_client_ = client + 1 == plan_.clients ? 0 : client + 1;
    const unsigned left = transport_->send(client, burst, due, now);
    if (left > 0) return left;
  }
  return 0;
}

// All queries of a burst in the open loop are due at the same time.
uint64_t LoadGenerator::due(uint64_t query) const {
  return started_.load(std::memory_order_relaxed) +
         static_cast<uint64_t>(static_cast<double>(query) * 1e9 / plan_.rate);
}

uint64_t LoadGenerator::wait_until(uint64_t now, bool still_asking) const {
  uint64_t until = now + kMostWait;
  if (ledger_.oldest() != 0) until = std::min(until, ledger_.oldest() + plan_.timeout);
  if (still_asking && plan_.rate > 0) until = std::min(until, due(scheduled_));
  if (still_asking) until = std::min(until, started_.load(std::memory_order_relaxed) + plan_.duration);
  return until > now ? until - now : 0;
}

}  // namespace multisocket
