// Threads that use one shared part of a server, without I/O: the answer cache, the rate limiter, or the connection
// limits. bench/scale.js compiles and runs it. It prints one line of JSON: what was done, in how much time.
//
// Arguments: PART (cache, guard or limits), THREADS, OWN (1: each thread has a part of its own; 0: all share one),
// NAMES, SKEW (exponent of a Zipf distribution of the names; 0: all alike), STORES (of 1,000 operations), MILLISECONDS.
#include <sched.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "cache/answer_cache.h"
#include "guard/rate_limiter.h"
#include "message/wire.h"
#include "tcp/connection_limits.h"

using namespace multisocket;

namespace {

constexpr unsigned kBatch = 16;
constexpr size_t kCacheBytes = 64 << 20;
constexpr size_t kChoices = 1 << 16;
constexpr uint32_t kNow = 1000;

struct Plan {
  std::string part;
  unsigned threads;
  bool own;
  unsigned names;
  double skew;
  unsigned stores;
  unsigned milliseconds;
};

struct Count {
  uint64_t operations = 0;
  uint64_t hits = 0;
  uint64_t stores = 0;
  double seconds = 0;      // of the clock
  double cpu_seconds = 0;  // of this thread
};

// A query, and its reply without OPT.
struct Exchange {
  explicit Exchange(unsigned number) {
    const std::string label = "name" + std::to_string(number);
    query = std::string("\x12\x34\x01\0\0\1\0\0\0\0\0\0", 12) + static_cast<char>(label.size()) + label +
            std::string("\7example\3org\0\0\1\0\1", 17);
    reply = query + std::string("\xc0\x0c\0\1\0\1\0\0\x0e\x10\0\4\xc0\0\2\1", 16);
    reply[2] = static_cast<char>(0x85);
    reply[7] = 1;
    if (examine(octets(query), query.size(), &view) != Verdict::kQuery) abort();
  }
  static const uint8_t* octets(const std::string& text) { return reinterpret_cast<const uint8_t*>(text.data()); }

  std::string query;
  std::string reply;
  MessageView view;
};

// What threads share, or each has.
struct Part {
  explicit Part(unsigned threads) : rows(ConnectionLimits::words_for(threads)) {
    CacheOptions options;
    options.max_bytes = kCacheBytes;
    cache = std::make_shared<CacheState>(options);
    RateLimiter::Options rates;
    for (uint32_t& rate : rates.rates) rate = 1000;
    limiter = std::make_unique<RateLimiter>(rates);
  }
  std::shared_ptr<CacheState> cache;
  std::unique_ptr<RateLimiter> limiter;
  std::vector<int32_t> rows;
};

class Worker {
 public:
  Worker(const Plan& plan, Part* part, unsigned number, const std::vector<Exchange>& exchanges,
         const std::vector<uint32_t>& choices)
      : plan_(plan),
        exchanges_(exchanges),
        choices_(choices),
        cache_(part->cache),
        limiter_(part->limiter.get()),
        limits_(part->rows.data(), part->rows.size(), plan.own ? 0 : number, 1000000, 1000000),
        random_(number * 7919 + 1) {}

  bool store(const Exchange& exchange) {
    Answer answer;
    answer.message = Exchange::octets(exchange.reply);
    answer.length = exchange.reply.size();
    answer.generation = cache_.state()->generation();
    return cache_.store(Exchange::octets(exchange.query), exchange.view, {}, answer, kNow);
  }

  void run(const std::atomic<bool>& done, Count* count) {
    while (!done.load(std::memory_order_relaxed)) {
      if (plan_.part == "cache") {
        cache_batch(count);
      } else {
        for (unsigned i = 0; i < kBatch; i++) count->hits += plan_.part == "guard" ? charge() : connect();
      }
      count->operations += kBatch;
    }
  }

 private:
  uint32_t next() { return random_ = random_ * 1664525 + 1013904223; }
  const Exchange& choose() { return exchanges_[choices_[next() >> 8 & (kChoices - 1)]]; }

  void cache_batch(Count* count) {
    unsigned stores = 0;
    {
      uint8_t out[512];
      const ReadSection section(reader_);
      for (unsigned i = 0; i < kBatch; i++) {
        if ((next() >> 8) % 1000 < plan_.stores) {
          stores++;
          continue;
        }
        const Exchange& exchange = choose();
        count->hits +=
            cache_.look_up(section, Exchange::octets(exchange.query), exchange.view, {}, kNow, false, out, sizeof out)
                .length != 0;
      }
    }
    for (unsigned i = 0; i < stores; i++) store(choose());
    count->stores += stores;
  }

  // One client for each name.
  bool charge() {
    uint8_t client[16] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    write32(client + 12, choices_[next() >> 8 & (kChoices - 1)] << 8);
    limiter_->charge(RateLimiter::kAll, client, RateLimiter::clock());
    return true;
  }

  bool connect() {
    uint8_t client[16] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    write32(client + 12, choices_[next() >> 8 & (kChoices - 1)]);
    const uint32_t bucket = limits_.bucket_of(client);
    if (limits_.add(bucket) != ConnectionLimits::Admission::kYes) return false;
    limits_.remove(bucket);
    return true;
  }

  const Plan& plan_;
  const std::vector<Exchange>& exchanges_;
  const std::vector<uint32_t>& choices_;
  AnswerCache cache_;
  EpochReader reader_;
  RateLimiter* limiter_;
  ConnectionLimits limits_;
  uint32_t random_;
};

// Names by number, as often as their weights say.
std::vector<uint32_t> choices_of(const Plan& plan) {
  std::vector<double> ends;
  double sum = 0;
  for (unsigned i = 0; i < plan.names; i++) ends.push_back(sum += 1 / std::pow(i + 1, plan.skew));
  std::vector<uint32_t> choices;
  for (size_t i = 0; i < kChoices; i++) {
    const double at = sum * (static_cast<double>(i) + 0.5) / kChoices;
    choices.push_back(static_cast<uint32_t>(std::lower_bound(ends.begin(), ends.end(), at) - ends.begin()));
  }
  return choices;
}

std::vector<int> cpus() {
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  sched_getaffinity(0, sizeof allowed, &allowed);
  std::vector<int> found;
  for (int i = 0; i < CPU_SETSIZE; i++) {
    if (CPU_ISSET(i, &allowed)) found.push_back(i);
  }
  return found;
}

void pin(int cpu) {
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(cpu, &one);
  sched_setaffinity(0, sizeof one, &one);
}

double thread_seconds() {
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 8) return 2;
  const auto number = [&](int i) { return static_cast<unsigned>(strtoul(arguments[i], nullptr, 10)); };
  const Plan plan = {arguments[1], number(2), number(3) != 0, number(4), strtod(arguments[5], nullptr),
                     number(6),    number(7)};
  std::vector<Exchange> exchanges;
  for (unsigned i = 0; i < plan.names; i++) exchanges.emplace_back(i);
  const std::vector<uint32_t> choices = choices_of(plan);

  std::vector<std::unique_ptr<Part>> parts;
  for (unsigned i = 0; i < (plan.own ? plan.threads : 1); i++) {
    parts.push_back(std::make_unique<Part>(plan.threads));
    Worker filler(plan, parts.back().get(), 0, exchanges, choices);
    for (const Exchange& exchange : exchanges) {
      if (!filler.store(exchange)) return 1;
    }
  }
  const std::vector<int> allowed = cpus();
  std::atomic<unsigned> ready{0};
  std::atomic<bool> done{false};
  std::vector<Count> counts(plan.threads);
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < plan.threads; i++) {
    threads.emplace_back([&, i] {
      pin(allowed[i % allowed.size()]);
      Worker worker(plan, parts[plan.own ? i : 0].get(), i, exchanges, choices);
      ready++;
      while (ready.load() < plan.threads) sched_yield();
      Count mine;  // on this thread's stack: no other thread's count is near
      const auto start = std::chrono::steady_clock::now();
      const double before = thread_seconds();
      worker.run(done, &mine);
      mine.cpu_seconds = thread_seconds() - before;
      mine.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
      counts[i] = mine;
    });
  }
  while (ready.load() < plan.threads) sched_yield();
  std::this_thread::sleep_for(std::chrono::milliseconds(plan.milliseconds));
  done = true;
  for (std::thread& thread : threads) thread.join();

  uint64_t operations = 0, hits = 0, stores = 0;
  double rate = 0, cpu_seconds = 0;
  for (const Count& each : counts) {
    operations += each.operations;
    hits += each.hits;
    stores += each.stores;
    rate += static_cast<double>(each.operations) / each.seconds;
    cpu_seconds += each.cpu_seconds;
  }
  printf("{\"cpus\":%zu,\"operations\":%llu,\"givenUp\":%llu,\"stores\":%llu,\"rate\":%.0f,\"cpu\":%.3f}\n",
         allowed.size(), static_cast<unsigned long long>(operations),
         static_cast<unsigned long long>(operations - hits - stores), static_cast<unsigned long long>(stores), rate,
         1e9 * cpu_seconds / static_cast<double>(operations));
  return 0;
}
