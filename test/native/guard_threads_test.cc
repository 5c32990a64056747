// A test of a guard's shared state with threads that answer while another changes the secrets. It should run under
// ThreadSanitizer. No charge may be lost, and a cookie must be good in all threads as soon as one thread has made it.
#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "check.h"
#include "guard/guard.h"
#include "message/layout.h"
#include "message/query_origin.h"

using namespace multisocket;
using namespace multisocket::test;

namespace {

constexpr unsigned kThreads = 4;
constexpr unsigned kRounds = 20000;
constexpr unsigned kRate = 1000;

CookieSecrets secrets_of(char octet) {
  CookieSecrets secrets;
  secrets.add(octets(std::string(CookieSecrets::kSize, octet)));
  return secrets;
}

struct Work {
  unsigned charged = 0;  // within the rate
  unsigned bad = 0;
  unsigned good = 0;
};

// All threads charge one account at the same moment, and also other accounts that come and go.
Work charge(const std::shared_ptr<GuardState>& state, unsigned thread) {
  Work work;
  QueryOrigin one;
  QueryOrigin other;
  const uint8_t address[4] = {192, 0, 2, static_cast<uint8_t>(thread)};
  one.set_client(address, sizeof address);
  for (unsigned round = 0; round < kRounds; round++) {
    const uint8_t network[4] = {10, static_cast<uint8_t>(thread), static_cast<uint8_t>(round % 16), 1};
    other.set_client(network, sizeof network);
    work.charged += state->limiter()->charge(RateLimiter::kAll, one.bytes(), 0);
    state->limiter()->charge(RateLimiter::kErrors, other.bytes(), 0);
  }
  return work;
}

// Each client sends a query, and returns with its cookie to a guard of another thread.
Work answer(const std::shared_ptr<GuardState>& state, unsigned thread) {
  Work work;
  Guard guard(state);
  Guard another(state);
  double counters[layout::kWorkerRow] = {};
  QueryOrigin origin;
  const uint8_t address[4] = {198, 51, static_cast<uint8_t>(thread), 1};
  origin.set_client(address, sizeof address);
  Query query;
  query.opt = true;
  uint8_t out[512];
  for (unsigned round = 0; round < kRounds / 10; round++) {
    query.options = option(10, "clientAB");
    for (Guard* each : {&guard, &another}) {
      const std::string message = query.message();
      MessageView view;
      Guarded guarded;
      Verdict verdict = examine(octets(message), message.size(), &view);
      each->begin();
      each->receive(octets(message), message.size(), QueryOrigin::of(origin.bytes()), &verdict, &view, &guarded, out,
                    sizeof out, counters);
      if (verdict != Verdict::kQuery || guarded.cookie < CookieState::kClientOnly) work.bad++;
      work.good += guarded.cookie == CookieState::kGood;
      query.options = option(10, std::string(reinterpret_cast<char*>(guarded.fresh), kCookieSize));
    }
  }
  return work;
}

template <class Task>
std::vector<Work> together(Task task) {
  std::vector<Work> results(kThreads);
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < kThreads; i++) threads.emplace_back([&, i] { results[i] = task(i); });
  for (std::thread& thread : threads) thread.join();
  return results;
}

}  // namespace

int main() {
  GuardOptions options;
  options.cookies = true;
  options.secrets = secrets_of('a');
  options.limits = true;
  options.rates.rates[RateLimiter::kAll] = kRate;
  options.rates.rates[RateLimiter::kErrors] = 1;
  options.rates.table_size = 8192;  // enough that no account is replaced
  const auto state = std::make_shared<GuardState>(options);

  unsigned charged = 0;
  for (const Work& work : together([&](unsigned thread) { return charge(state, thread); })) charged += work.charged;
  CHECK(charged == kRate);

  unsigned good = 0;
  for (const Work& work : together([&](unsigned thread) { return answer(state, thread); })) {
    CHECK(work.bad == 0);
    good += work.good;
  }
  CHECK(good == kThreads * kRounds / 10);

  // Each change keeps the last secret. A cookie that returns at once is still good, unless the secrets change twice in
  // between.
  std::atomic<bool> done{false};
  std::thread changing([&] {
    char octet = 'a';
    while (!done) {
      CookieSecrets secrets = secrets_of(static_cast<char>(octet + 1));
      secrets.add(octets(std::string(CookieSecrets::kSize, octet)));
      state->set_secrets(secrets);
      octet = static_cast<char>(octet == 'y' ? 'a' : octet + 1);
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  });
  good = 0;
  for (const Work& work : together([&](unsigned thread) { return answer(state, thread); })) {
    CHECK(work.bad == 0);
    good += work.good;
  }
  done = true;
  changing.join();
  CHECK(good > 0);
  return conclude();
}
