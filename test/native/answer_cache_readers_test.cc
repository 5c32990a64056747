// A test of what a hit may not do: write to the cache's memory, wait, or be given up, whatever writers and other
// readers do meanwhile.
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <thread>
#include <vector>

#include "cache/answer_cache.h"
#include "check.h"

using namespace multisocket;
using namespace multisocket::test;

namespace {

constexpr uint32_t kNow = 1000;
constexpr unsigned kNames = 500;

Examined named(unsigned number) {
  Query query;
  query.name = "name" + std::to_string(number) + ".example.org";
  return Examined(query);
}

// A thread's cache and its right to read.
class Access {
 public:
  explicit Access(const std::shared_ptr<CacheState>& state) : cache_(state) {}
  Access(const std::shared_ptr<CacheState>& state, const SharedMapping& memory) : cache_(state, memory) {}

  bool hit(const Examined& query) { return hit(ReadSection(reader_), query); }
  bool hit(const ReadSection& section, const Examined& query) {
    uint8_t out[512];
    return cache_.look_up(section, query.data(), query.view, {}, kNow, false, out, sizeof out).length != 0;
  }

  bool store(const Examined& query) {
    const std::string reply = query.bytes.substr(0, 2) + number16(0x8500) + number16(1) + number16(1) + number16(0) +
                              number16(0) + query.bytes.substr(12) + record(std::string("\xc0\x0c", 2), 1, 300, "addr");
    Answer answer;
    answer.message = octets(reply);
    answer.length = reply.size();
    answer.generation = cache_.state()->generation();
    return cache_.store(query.data(), query.view, {}, answer, kNow);
  }

  const EpochReader& reader() const { return reader_; }

 private:
  AnswerCache cache_;
  EpochReader reader_;
};

std::vector<Examined> all_names() {
  std::vector<Examined> names;
  for (unsigned i = 0; i < kNames; i++) names.push_back(named(i));
  return names;
}

std::shared_ptr<CacheState> empty_cache(size_t max_bytes) {
  CacheOptions options;
  options.max_bytes = max_bytes;
  options.prefetch_hits = UINT16_MAX;  // hits are counted, too
  return std::make_shared<CacheState>(options);
}

std::shared_ptr<CacheState> filled_cache(size_t max_bytes, const std::vector<Examined>& names) {
  auto state = empty_cache(max_bytes);
  Access access(state);
  for (const Examined& name : names) CHECK(access.store(name));
  return state;
}

// Runs `work` in a process of its own. Returns its exit code, or the signal that ended it, negative.
template <class Work>
int in_a_process(const Work& work) {
  const pid_t child = fork();
  if (child == 0) {
    signal(SIGSEGV, SIG_DFL);  // a sanitizer has a handler
    signal(SIGBUS, SIG_DFL);
    work();
    _exit(0);
  }
  int status = 0;
  CHECK(child > 0 && waitpid(child, &status, 0) == child);
  return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

void reads_through_a_mapping_that_forbids_stores() {
  const std::vector<Examined> names = all_names();
  const auto state = filled_cache(4 << 20, names);
  const SharedMapping view = state->memory().read_only();
  CHECK(view.data() != nullptr && view.data() != state->memory().data());

  // A million hits of one thread, while another replaces the answers.
  std::atomic<bool> done{false};
  std::thread writer([&] {
    Access access(state);
    for (unsigned i = 0; !done.load(); i = (i + 1) % kNames) access.store(names[i]);
  });
  Access reader(state, view);
  unsigned hits = 0;
  for (unsigned i = 0; i < 1000000; i++) hits += reader.hit(names[i % kNames]);
  done = true;
  writer.join();
  CHECK(hits == 1000000);

  const int stored = in_a_process([&] { *const_cast<volatile uint8_t*>(view.data()) = 1; });
  CHECK(stored == -SIGSEGV);
}

void writes_to_no_mapping() {
  const std::vector<Examined> names = all_names();
  const auto state = filled_cache(4 << 20, names);
  const auto forbid_stores = [&] {
    if (mprotect(state->memory().data(), state->memory().size(), PROT_READ) != 0) _exit(1);
  };
  const int read = in_a_process([&] {
    forbid_stores();
    Access access(state);
    for (unsigned i = 0; i < 1000000; i++) {
      if (!access.hit(names[i % kNames])) _exit(2);
    }
  });
  CHECK(read == 0);
  const int stored = in_a_process([&] {
    forbid_stores();
    Access(state).store(names[0]);
  });
  CHECK(stored == -SIGSEGV);
}

void keeps_bounded_what_waits_for_a_reader() {
  const std::vector<Examined> names = all_names();
  constexpr size_t kMaxBytes = 256 << 10;
  const auto state = filled_cache(kMaxBytes, names);
  Access stuck(state), other(state);
  {
    const ReadSection section(stuck.reader());  // it lasts while the others work
    for (unsigned round = 0; round < 20; round++) {
      for (unsigned i = 0; i < kNames; i++) {
        other.store(names[i]);
        CHECK(other.hit(names[i]));
      }
      const CacheCounters counters = state->counters();
      CHECK(counters.bytes <= kMaxBytes);
      CHECK(counters.waiting > 0 && counters.waiting <= kMaxBytes / 8);
    }
    CHECK(state->counters().dropped > 0);
    CHECK(stuck.hit(section, names[0]));
  }
  const uint64_t dropped = state->counters().dropped;
  CHECK(state->counters().waiting == 0);
  for (const Examined& name : names) CHECK(other.store(name));
  CHECK(state->counters().dropped == dropped);
}

// --- Threads that lose their CPU

constexpr unsigned kThreads = 64;
constexpr unsigned kWriters = 16;
constexpr auto kPause = std::chrono::milliseconds(5);
thread_local std::atomic<long> pauses{0};

// Stops the thread wherever it is, as if its CPU went to another.
void pause_thread(int /*signal*/) {
  pauses.fetch_add(1, std::memory_order_relaxed);
  const timespec time = {0, std::chrono::nanoseconds(kPause).count()};
  nanosleep(&time, nullptr);
}

struct Reading {
  uint64_t looked_up = 0;
  uint64_t hits = 0;
  long waits = 0;  // that the thread asked for, besides its pauses
};

Reading read_until(const std::atomic<bool>& done, Access* access, const std::vector<Examined>& names, unsigned hot) {
  Reading reading;
  rusage before{}, after{};
  getrusage(RUSAGE_THREAD, &before);
  const long paused = pauses.load();
  while (!done.load(std::memory_order_relaxed)) {
    const ReadSection section(access->reader());
    for (unsigned i = 0; i < 16; i++) {
      reading.looked_up++;
      reading.hits += access->hit(section, names[reading.looked_up % hot]);
    }
  }
  getrusage(RUSAGE_THREAD, &after);
  reading.waits = after.ru_nvcsw - before.ru_nvcsw - (pauses.load() - paused);
  return reading;
}

void waits_for_no_thread_that_has_lost_its_cpu() {
  constexpr unsigned kHot = 50;
  constexpr size_t kMaxBytes = 96 << 10;  // the other names evict each other
  const std::vector<Examined> names = all_names();
  const auto state = empty_cache(kMaxBytes);
  std::vector<std::unique_ptr<Access>> accesses;  // whose notes are part of the cache's octets
  for (unsigned i = 0; i < kThreads; i++) accesses.push_back(std::make_unique<Access>(state));
  for (unsigned i = 0; i < kNames; i++) {
    CHECK(accesses[0]->store(names[i]));
    CHECK(accesses[0]->hit(names[i % kHot]));
  }
  struct sigaction action {};
  action.sa_handler = pause_thread;
  sigaction(SIGUSR1, &action, nullptr);

  std::atomic<bool> done{false};
  std::vector<Reading> readings(kThreads - kWriters);
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < kThreads; i++) {
    threads.emplace_back([&, i] {
      if (i >= kWriters) {
        readings[i - kWriters] = read_until(done, accesses[i].get(), names, kHot);
        return;
      }
      // Writers replace the hot names, and store the others, which evict.
      for (unsigned at = i; !done.load(std::memory_order_relaxed); at = (at + 7) % kNames)
        accesses[i]->store(names[at]);
    });
  }
  uint64_t most_bytes = 0, most_waiting = 0;
  uint32_t random = 1;
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(3);
  while (std::chrono::steady_clock::now() < end) {
    random = random * 1664525 + 1013904223;
    pthread_kill(threads[(random >> 16) % kThreads].native_handle(), SIGUSR1);
    if (random >> 28 == 0) {
      const CacheCounters counters = state->counters();
      most_bytes = std::max(most_bytes, counters.bytes);
      most_waiting = std::max(most_waiting, counters.waiting);
    }
    std::this_thread::sleep_for(std::chrono::microseconds(200));
  }
  done = true;
  for (std::thread& thread : threads) thread.join();

  uint64_t looked_up = 0, hits = 0;
  long waits = 0;
  for (const Reading& reading : readings) {
    looked_up += reading.looked_up;
    hits += reading.hits;
    waits += reading.waits;
  }
  const CacheCounters counters = state->counters();
  printf("%llu look-ups, %llu hits, %ld waits; %llu stores, %llu dropped; at most %llu octets waited\n",
         static_cast<unsigned long long>(looked_up), static_cast<unsigned long long>(hits), waits,
         static_cast<unsigned long long>(counters.stores), static_cast<unsigned long long>(counters.dropped),
         static_cast<unsigned long long>(most_waiting));
  CHECK(looked_up > 100000);
  CHECK(waits == 0);
  CHECK(counters.stores > 2000 && most_bytes > 0);
  CHECK(most_bytes <= kMaxBytes);
  CHECK(most_waiting <= kMaxBytes / 8);
  CHECK(counters.waiting == 0);
  CHECK(hits + counters.misses >= looked_up);
}

}  // namespace

int main() {
  reads_through_a_mapping_that_forbids_stores();
  writes_to_no_mapping();
  keeps_bounded_what_waits_for_a_reader();
  waits_for_no_thread_that_has_lost_its_cpu();
  return conclude();
}
