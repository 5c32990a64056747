// A test of threads that answer from the same images of a zone while one thread makes and publishes new versions, as
// workers and the zone thread do. It should run under the sanitizers. All records of a reply must be of one version,
// and versions must not go back.
//
// The argument is the number of look-ups of each thread; default: 50,000.
#include <cstdlib>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "cache/cache_key.h"
#include "check.h"
#include "message/wire.h"
#include "zone/huge_pages.h"
#include "zone/zone_prefetch.h"
#include "zone/zone_table.h"
#include "zone_builder.h"

using namespace multisocket;
using namespace multisocket::test;

namespace {

constexpr unsigned kThreads = 3;
constexpr unsigned kNames = 200;
constexpr unsigned kRecords = 8;  // of each name
constexpr unsigned kBatch = 16;
constexpr size_t kRecordSize = 16;  // with a compressed name and four octets of RDATA

std::string label(unsigned number) { return "name" + std::to_string(number); }

// A version of the zone: its number is the upper half of each address.
class Version {
 public:
  explicit Version(unsigned number) : zone_("example.org") {
    zone_.add("", kTypeSoa, wire_name("a") + wire_name("b") + std::string(20, '\0'));
    for (unsigned name = 0; name < kNames; name++) {
      for (unsigned i = 0; i < kRecords; i++) zone_.add(label(name), kTypeA, number32(number << 16 | i));
    }
    columns_ = zone_.columns();
    nodes_.assign(columns_.nodes.data, columns_.nodes.data + columns_.nodes.size);
    nodes_.resize(size_t{5} << 17);  // a large zone, for the prefetch
    columns_.nodes = {nodes_.data(), nodes_.size()};
  }
  ZoneImage image() const { return ZoneImage(columns_); }
  void use_huge_pages() { multisocket::use_huge_pages(nodes_.data(), nodes_.size() * sizeof nodes_[0]); }

 private:
  ZoneBuilder zone_;
  ZoneColumns columns_;
  std::vector<uint32_t> nodes_;
};

// What the owner sends to the workers.
class Published {
 public:
  std::shared_ptr<const Version> get() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return version_;
  }
  void set(std::shared_ptr<const Version> version) {
    const std::lock_guard<std::mutex> lock(mutex_);
    version_ = std::move(version);
  }

 private:
  std::mutex mutex_;
  std::shared_ptr<const Version> version_;
};

struct Outcome {
  uint64_t good = 0;
  uint64_t bad = 0;
  unsigned versions = 0;
};

// The version of a reply's records; 0: it is malformed, or has records of several versions.
unsigned version_of(const uint8_t* reply, size_t length, const MessageView& view) {
  if (length != view.question_end + kRecords * kRecordSize) return 0;
  const unsigned version = read16(reply + view.question_end + 12);
  for (size_t at = view.question_end; at < length; at += kRecordSize) {
    if (read16(reply + at + 12) != version) return 0;
  }
  return version;
}

void work(const std::vector<Examined>& queries, Published* published, uint64_t count, Outcome* outcome) {
  WireName origin;
  const std::string wire = wire_name("example.org");
  origin.read(octets(wire), wire.size());
  ZoneTable table;
  ZonePrefetch prefetch;
  std::shared_ptr<const Version> kept;
  unsigned last = 0;
  for (uint64_t done = 0; done < count; done += kBatch) {
    std::shared_ptr<const Version> current = published->get();
    if (current != kept) {
      table.put(origin, {current->image(), false, false});
      kept = std::move(current);
    }
    const auto query_at = [&](unsigned i) -> const Examined& { return queries[(done * 7 + i) % kNames]; };
    for (unsigned i = 0; i < kBatch; i++) prefetch.add(table, query_at(i).data(), query_at(i).bytes.size());
    prefetch.fetch();
    for (unsigned i = 0; i < kBatch; i++) {
      uint8_t out[512];
      const MessageView& view = query_at(i).view;
      const auto found = table.answer(query_at(i).data(), view, true, sizeof out, 1232, out);
      const unsigned version = version_of(out, found.length, view);
      (version != 0 && version >= last ? outcome->good : outcome->bad)++;
      if (version > last) outcome->versions++;
      last = version;
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  const uint64_t count = argc > 1 ? strtoull(argv[1], nullptr, 10) : 50'000;
  std::vector<Examined> queries;
  for (unsigned name = 0; name < kNames; name++) {
    Query query;
    query.name = label(name) + ".example.org";
    query.type = kTypeA;
    queries.emplace_back(query);
  }
  Published published;
  published.set(std::make_shared<Version>(1));
  Outcome outcomes[kThreads];
  std::vector<std::thread> threads;
  threads.reserve(kThreads);
  for (Outcome& outcome : outcomes) threads.emplace_back([&] { work(queries, &published, count, &outcome); });
  for (unsigned number = 2; number < 40; number++) {
    const auto version = std::make_shared<Version>(number);
    published.set(version);
    version->use_huge_pages();  // while others read it
  }
  for (std::thread& thread : threads) thread.join();
  for (const Outcome& outcome : outcomes) {
    CHECK(outcome.bad == 0);
    CHECK(outcome.good >= count);
    CHECK(outcome.versions > 1);
  }
  return conclude();
}
