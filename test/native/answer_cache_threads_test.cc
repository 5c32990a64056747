// A test of the answer cache with threads that read, store, clear and evict the same names. Some threads end in the
// middle of a batch, and others take their places. It should run under the sanitizers. Every reply must be one complete
// reply to the queried name.
//
// The argument is the number of look-ups in all; default: 200,000.
#include <cstdlib>
#include <cstring>
#include <new>
#include <thread>
#include <vector>

#include "cache/answer_cache.h"
#include "check.h"
#include "node/registry.h"

using namespace multisocket;
using namespace multisocket::test;

namespace {

constexpr unsigned kThreads = 4;
constexpr unsigned kNames = 2000;
constexpr size_t kMaxBytes = 256 << 10;
constexpr unsigned kBatch = 16;
constexpr unsigned kLives = 25;  // of each thread

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
  uint64_t looked_up = 0;
  uint64_t hits = 0;
  uint64_t bad = 0;
  uint64_t stored = 0;
  uint64_t tried = 0;  // to store
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

class Worker {
 public:
  Worker(uint32_t cache_number, uint32_t seed, const std::vector<Examined>& queries, Outcome* outcome)
      : cache_(Registry<CacheState>::find(cache_number)), random_(seed), queries_(queries), outcome_(outcome) {}

  // Looks up `count` names, and stores and clears some between batches.
  void work(uint64_t count) {
    for (uint64_t batch = 0; batch * kBatch < count; batch++) {
      const uint32_t now = static_cast<uint32_t>(batch / 64);
      look_up_batch(now);
      for (unsigned i = 0; i < (batch % 8 == 0 ? 4 : 0); i++) store(choose(), now);
      if (batch % 128 == 0) {
        const Examined& query = queries_[choose()];
        cache_.state()->clear(query.data() + 12, query.view.qname_length, false);
      }
      if (batch % 256 == 0 && cache_.state()->counters().bytes > kMaxBytes) outcome_->bad++;
      if (batch % 4096 == 511) cache_.state()->clear();
    }
    // A section that never ends: its object is not destroyed. The end of the reader has to end it.
    new (unended_) ReadSection(reader_);
  }

 private:
  unsigned choose() {
    random_ = random_ * 1664525 + 1013904223;
    return (random_ >> 16 & 1) != 0 ? 0 : (random_ >> 17) % kNames;  // one name in half of the cases
  }

  void look_up_batch(uint32_t now) {
    uint8_t out[512];
    const ReadSection section(reader_);
    for (unsigned i = 0; i < kBatch; i++) {
      const unsigned chosen = choose();
      const Examined& query = queries_[chosen];
      const auto found = cache_.look_up(section, query.data(), query.view, {}, now, true, out, sizeof out);
      outcome_->looked_up++;
      if (found.length != 0) judge(query, chosen, out, found.length, outcome_);
    }
  }

  void store(unsigned chosen, uint32_t now) {
    const std::string reply = reply_to(numbered(chosen), chosen, static_cast<char>('a' + random_ % 26));
    Answer answer;
    answer.message = octets(reply);
    answer.length = reply.size();
    answer.generation = cache_.state()->generation();
    outcome_->tried++;
    outcome_->stored += cache_.store(queries_[chosen].data(), queries_[chosen].view, {}, answer, now);
  }

  AnswerCache cache_;
  EpochReader reader_;
  alignas(ReadSection) unsigned char unended_[sizeof(ReadSection)];
  uint32_t random_;
  const std::vector<Examined>& queries_;
  Outcome* outcome_;
};

}  // namespace

int main(int count, char** arguments) {
  const uint64_t look_ups = count > 1 ? strtoull(arguments[1], nullptr, 10) : 200000;
  std::vector<Examined> queries;
  for (unsigned i = 0; i < kNames; i++) queries.emplace_back(numbered(i));
  CacheOptions options;
  options.max_bytes = kMaxBytes;
  options.serve_stale_seconds = 10;
  options.prefetch_hits = 2;
  const auto state = std::make_shared<CacheState>(options);
  const uint32_t number = Registry<CacheState>::add(state);

  Outcome outcomes[kThreads];
  std::vector<std::thread> owners;
  for (unsigned i = 0; i < kThreads; i++) {
    owners.emplace_back([&, i] {
      for (unsigned life = 0; life < kLives; life++) {
        std::thread([&] {
          Worker(number, i * kLives + life + 1, queries, &outcomes[i]).work(look_ups / kThreads / kLives);
        }).join();
      }
    });
  }
  for (std::thread& owner : owners) owner.join();

  const CacheCounters counters = state->counters();
  Outcome sum;
  for (const Outcome& outcome : outcomes) {
    CHECK(outcome.bad == 0);
    CHECK(outcome.hits > 0);
    sum.looked_up += outcome.looked_up;
    sum.hits += outcome.hits;
    sum.stored += outcome.stored;
    sum.tried += outcome.tried;
  }
  CHECK(sum.looked_up >= look_ups / kLives * kLives);
  CHECK(sum.stored == counters.stores);
  CHECK(sum.hits == counters.hits);
  CHECK(counters.hits + counters.misses == sum.looked_up);
  // More is stored between two clears than fits: it takes the place of other answers, or is dropped while a thread that has
  // lost its CPU keeps what it may read. A clear at the same time refuses few.
  CHECK(counters.evictions + counters.dropped > 0);
  CHECK(counters.stores + counters.dropped > sum.tried / 10 * 9);
  CHECK(counters.waiting == 0);  // the threads that ended in a batch hold nothing back
  printf("%llu look-ups, %llu hits, %llu stores, %llu dropped, %llu evictions\n",
         static_cast<unsigned long long>(sum.looked_up), static_cast<unsigned long long>(sum.hits),
         static_cast<unsigned long long>(counters.stores), static_cast<unsigned long long>(counters.dropped),
         static_cast<unsigned long long>(counters.evictions));
  return conclude();
}
