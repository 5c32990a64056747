// A test of the ring of the query log: one thread writes while another one reads, as a worker and the owner do. It
// should run under the sanitizers. Each record that is read is whole, in order, and the records that are read and those
// that are lost are all that were written.
//
// The argument is the number of records; default: 200,000.
#include "log/query_log.h"

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <thread>
#include <vector>

#include "check.h"
#include "message/layout.h"
#include "message/query_origin.h"

using namespace multisocket;
using namespace multisocket::test;

namespace {

constexpr size_t kSize = 16 << 10;
constexpr size_t kMost = 3000;  // octets of a query, and of a reply
constexpr uint32_t kNone = UINT32_MAX;

std::atomic<uint32_t>& shared(uint32_t* word) { return *reinterpret_cast<std::atomic<uint32_t>*>(word); }

uint32_t next(uint32_t* random) { return *random = *random * 1664525 + 1013904223; }

// The length of a part of the numbered record.
size_t length_of(uint32_t number, uint32_t part) {
  uint32_t random = number * 2 + part;
  next(&random);
  return 12 + (next(&random) >> 16) % (kMost - 12);
}

struct Ring {
  std::vector<uint32_t> words = std::vector<uint32_t>(layout::kLogRing + kSize / 4);
  std::atomic<bool> over{false};
};

void write(Ring* ring, uint32_t count, bool messages) {
  QueryLog log(ring->words.data(), kSize, 1, messages);
  const uint8_t origin[QueryOrigin::kSize] = {};
  // Of their exact lengths, so that a sanitizer sees what is read behind them.
  for (uint32_t number = 0; number < count; number++) {
    std::vector<uint8_t> query(length_of(number, 0), static_cast<uint8_t>(number));
    std::vector<uint8_t> reply(number % 7 == 0 ? 0 : length_of(number, 1), static_cast<uint8_t>(~number));
    memcpy(query.data(), &number, sizeof number);
    const uint8_t* kept = log.keep(query.data(), query.size());
    if (messages) memset(query.data(), 0, query.size());  // the reply may overwrite it
    const QueryLog::Outcome outcome = {reply.data(), reply.size(), static_cast<uint16_t>(number & 15), number % 2 == 0};
    log.record(kept, query.size(), 12, origin, QueryLog::microseconds(), outcome);
  }
  ring->over = true;
}

// Returns the number of a whole record, or kNone.
uint32_t check_record(const uint32_t* words, bool messages) {
  const auto* query = reinterpret_cast<const uint8_t*>(words + layout::kLogWords) + QueryOrigin::kSize;
  uint32_t number;
  memcpy(&number, query, sizeof number);
  const size_t reply_length = number % 7 == 0 ? 0 : length_of(number, 1);
  const size_t query_size = messages ? length_of(number, 0) : 12;
  const size_t reply_size = messages ? reply_length : 0;
  bool good = words[layout::kLogLengths] == (query_size << 16 | reply_size);
  good = good && words[layout::kLogReplyLength] == reply_length;
  good = good && words[layout::kLogFlags] == ((number & 15) << 16 | (number % 2 == 0 ? layout::kLogCached : 0));
  for (size_t i = 4; good && i < query_size; i++) good = query[i] == static_cast<uint8_t>(number);
  for (size_t i = 0; good && i < reply_size; i++) good = query[query_size + i] == static_cast<uint8_t>(~number);
  return good ? number : kNone;
}

void run(uint32_t count, bool messages) {
  Ring ring;
  uint32_t* words = ring.words.data();
  const auto* records = reinterpret_cast<const uint8_t*>(words + layout::kLogRing);
  std::thread writer([&] { write(&ring, count, messages); });
  uint32_t at = 0;
  uint32_t found = 0;
  uint32_t bad = 0;
  uint32_t last = kNone;
  for (bool over = false; !over;) {
    over = ring.over;
    const uint32_t written = shared(words + layout::kLogWritten).load(std::memory_order_acquire);
    while (at != written) {
      const auto* record = reinterpret_cast<const uint32_t*>(records + (at & (kSize - 1)));
      const uint32_t size = record[layout::kLogSize];
      if ((size & layout::kLogSkip) == 0) {
        const uint32_t number = check_record(record, messages);
        if (number == kNone || (last != kNone && number <= last)) bad++;
        last = number;
        found++;
      }
      at += size & ~layout::kLogSkip;
      shared(words + layout::kLogRead).store(at, std::memory_order_release);
    }
  }
  writer.join();
  const uint32_t lost = shared(words + layout::kLogLost).load();
  CHECK(bad == 0);
  CHECK(found > 0);
  CHECK(found + lost == count);
  CHECK(at == words[layout::kLogWritten]);
  printf("%u records, %u lost, %u octets\n", found, lost, at);
}

}  // namespace

int main(int count, char** arguments) {
  const uint32_t records = count > 1 ? static_cast<uint32_t>(strtoul(arguments[1], nullptr, 10)) : 200000;
  run(records, false);
  run(records, true);
  return conclude();
}
