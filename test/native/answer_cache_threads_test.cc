// A test of the answer cache with threads that write and read the same names. There are few buckets, so that names
// collide. It should run under ThreadSanitizer. Every reply must be one complete reply to the queried name.
#include <cstring>
#include <thread>
#include <vector>

#include "cache/answer_cache.h"
#include "check.h"
#include "node/registry.h"

using namespace multisocket;
using namespace multisocket::test;

namespace {

constexpr unsigned kThreads = 4;
constexpr unsigned kNames = 400;
constexpr size_t kMaxBytes = 64 << 10;
constexpr unsigned kRounds = 15000;

Query numbered(unsigned number) {
  Query query;
  query.name = "name" + std::to_string(number) + ".example.org";
  query.type = 10;  // NULL
  query.opt = number % 2 != 0;
  return query;
}

// The number, then repeatedly the octet that the writer chose. A reply mixed from two would show.
std::string reply_to(const Query& query, unsigned number, char octet) {
  const std::string rdata = number32(number) + std::string(100, octet);
  return number16(query.id) + number16(0x8500) + number16(1) + number16(1) + number16(0) + number16(0) +
         query.question() + record(std::string("\xc0\x0c", 2), 10, 60, rdata);
}

struct Outcome {
  unsigned hits = 0;
  unsigned bad = 0;
  unsigned stored = 0;
};

void judge(const Examined& query, unsigned number, const uint8_t* out, size_t length, Outcome* outcome) {
  outcome->hits++;
  const size_t rdata = query.view.question_end + 12U;
  const size_t expected = rdata + 104 + (query.view.has_opt ? 11 : 0);
  bool good = length == expected && memcmp(out + 12, query.data() + 12, query.view.question_end - 12U) == 0;
  good = good && memcmp(out + rdata, number32(number).data(), 4) == 0;
  for (size_t i = 5; good && i < 104; i++) good = out[rdata + i] == out[rdata + 4];
  if (!good) outcome->bad++;
}

Outcome work(uint32_t cache_number, unsigned thread, const std::vector<Examined>& queries) {
  const std::shared_ptr<AnswerCache> cache = Registry<AnswerCache>::find(cache_number);
  Outcome outcome;
  uint32_t random = thread + 1;
  uint8_t out[512];
  for (unsigned round = 0; round < kRounds; round++) {
    random = random * 1664525 + 1013904223;
    const unsigned chosen = (random >> 16 & 1) != 0 ? 0 : (random >> 17) % kNames;  // one name in half of the cases
    const Examined& query = queries[chosen];
    const uint32_t now = round / 100;
    if (round % 3 == 0) {
      const std::string reply = reply_to(numbered(chosen), chosen, static_cast<char>('a' + thread));
      Answer answer;
      answer.message = octets(reply);
      answer.length = reply.size();
      answer.generation = cache->generation();
      outcome.stored += cache->store(query.data(), query.view, {}, answer, now);
    }
    const AnswerCache::Found found = cache->look_up(query.data(), query.view, {}, now, true, out, sizeof out);
    if (found.length != 0) judge(query, chosen, out, found.length, &outcome);
    if (round % 500 == 0) cache->clear(query.data() + 12, query.view.qname_length, false);
    if (round % 1000 == 0 && cache->counters().bytes > kMaxBytes) outcome.bad++;
    if (round % 5000 == 4999) cache->clear();
  }
  return outcome;
}

}  // namespace

int main() {
  std::vector<Examined> queries;
  for (unsigned i = 0; i < kNames; i++) queries.emplace_back(numbered(i));
  AnswerCache::Options options;
  options.max_bytes = kMaxBytes;
  options.serve_stale_seconds = 10;
  options.prefetch_hits = 2;
  const uint32_t number = Registry<AnswerCache>::open(std::make_shared<AnswerCache>(options));

  Outcome outcomes[kThreads];
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < kThreads; i++) {
    threads.emplace_back([&, i] { outcomes[i] = work(number, i, queries); });
  }
  for (std::thread& thread : threads) thread.join();

  const AnswerCache::Counters counters = Registry<AnswerCache>::find(number)->counters();
  Outcome sum;
  for (const Outcome& outcome : outcomes) {
    CHECK(outcome.bad == 0);
    CHECK(outcome.hits > 0);
    sum.hits += outcome.hits;
    sum.stored += outcome.stored;
  }
  CHECK(sum.stored == counters.stores);
  CHECK(sum.hits == counters.hits);
  CHECK(counters.hits + counters.misses == kThreads * kRounds);
  CHECK(counters.contended <= counters.misses);
  CHECK(counters.evictions > 0);
  Registry<AnswerCache>::close(number);
  return conclude();
}
