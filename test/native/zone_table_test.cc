// Tests of the answers of zones, by hand-made images.
#include "zone/zone_table.h"

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "cache/cache_key.h"
#include "check.h"
#include "message/wire.h"
#include "zone/sha1.h"
#include "zone_builder.h"

namespace multisocket::test {
namespace {

constexpr unsigned kNxDomain = 3;

// Asks a table. Returns the reply; "" if the handler answers.
std::string ask(const ZoneTable& table, const Query& query, bool can_truncate = true) {
  Examined examined(query);
  std::vector<uint8_t> buffer(examined.bytes.begin(), examined.bytes.end());
  buffer.resize(2304);
  const uint16_t limit = reply_limit(examined.view, Transport::kUdp, kPayloadSize);
  const auto found = table.answer(buffer.data(), examined.view, can_truncate, limit, kPayloadSize, buffer.data());
  if (found.length == 0) {
    CHECK(std::equal(octets(examined.bytes), octets(examined.bytes) + examined.bytes.size(), buffer.begin()));
    return "";
  }
  CHECK(found.length <= limit);
  return {buffer.begin(), buffer.begin() + static_cast<long>(found.length)};
}

unsigned rcode(const std::string& reply) { return static_cast<unsigned>(reply[3]) & 15U; }
unsigned answers(const std::string& reply) { return read16(octets(reply) + 6); }
bool truncated(const std::string& reply) { return (read16(octets(reply) + 2) & kFlagTc) != 0; }

ZoneBuilder example() {
  ZoneBuilder zone("example.org");
  zone.add("", kTypeSoa,
           wire_name("ns.example.org") + wire_name("host.example.org") + std::string(16, '\0') + number32(60));
  zone.add("", kTypeNs, wire_name("ns.example.org"));
  zone.add("ns", kTypeA, "\xc0\x00\x02\x01");
  zone.add("out", kTypeCname, wire_name("www.example.net"));
  zone.add("in", kTypeCname, wire_name("ns.example.org"));
  zone.add("x.y", kTypeA, "\xc0\x00\x02\x02");
  for (unsigned i = 0; i < 100; i++) zone.add("many", kTypeA, number32(i));
  for (unsigned i = 0; i < 100; i++) zone.add("mx", 15, number16(i) + wire_name("m" + std::to_string(i)));
  return zone;
}

Query question(const std::string& name, unsigned type = kTypeA) {
  Query query;
  query.name = name;
  query.type = type;
  return query;
}

WireName name_of(const std::string& text) {
  WireName name;
  const std::string wire = wire_name(text);
  CHECK(name.read(octets(wire), wire.size()));
  return name;
}

void test_answers() {
  const ZoneBuilder zone = example();
  ZoneTable table;
  CHECK(ask(table, question("ns.example.org")).empty());
  table.put(name_of("example.org"), {ZoneImage(zone.columns()), false, false});
  CHECK(answers(ask(table, question("ns.example.org"))) == 1);
  CHECK(answers(ask(table, question("NS.Example.ORG"))) == 1);
  CHECK(answers(ask(table, question("in.example.org"))) == 2);
  CHECK(answers(ask(table, question("out.example.org"))) == 1);
  CHECK(rcode(ask(table, question("gone.example.org"))) == kNxDomain);
  CHECK(rcode(ask(table, question("y.example.org"))) == 0);
  CHECK(truncated(ask(table, question("many.example.org"))));
  CHECK(ask(table, question("many.example.org"), false).empty());
  CHECK(ask(table, question("example.net")).empty());
  CHECK(ask(table, question("example.org", kTypeAxfr)).empty());
  CHECK(ask(table, question("example.org", kTypeDs)).empty());
  Query chaos = question("ns.example.org");
  chaos.klass = 3;
  CHECK(ask(table, chaos).empty());
  Query with_signature = question("ns.example.org");
  with_signature.last = tsig_record("key");
  CHECK(ask(table, with_signature).empty());
}

void test_rules() {
  const ZoneBuilder zone = example();
  ZoneTable table;
  table.put(name_of("example.org"), {ZoneImage(zone.columns()), true, true});
  CHECK(ask(table, question("gone.example.org")).empty());
  CHECK(ask(table, question("y.example.org")).empty());
  CHECK(ask(table, question("out.example.org")).empty());
  CHECK(answers(ask(table, question("in.example.org"))) == 2);
  // The longest entry decides, also one without an image.
  table.put(name_of("ns.example.org"), {});
  CHECK(ask(table, question("ns.example.org")).empty());
  CHECK(ask(table, question("in.example.org", 99)).empty());
  table.remove(name_of("ns.example.org"));
  CHECK(answers(ask(table, question("ns.example.org"))) == 1);
  table.clear();
  CHECK(ask(table, question("ns.example.org")).empty());
}

void test_sizes() {
  const ZoneBuilder zone = example();
  CHECK(ZoneImage::fits(zone.columns()));
  const auto broken = [&](void (*change)(ZoneColumns*)) {
    ZoneColumns columns = zone.columns();
    change(&columns);
    return !ZoneImage::fits(columns);
  };
  CHECK(broken([](ZoneColumns* columns) { columns->heads.size = 3; }));
  CHECK(broken([](ZoneColumns* columns) { columns->nodes.size = 0; }));
  CHECK(broken([](ZoneColumns* columns) { columns->nodes.size -= 1; }));
  CHECK(broken([](ZoneColumns* columns) { columns->sets.size -= 1; }));
  CHECK(broken([](ZoneColumns* columns) { columns->octets.size = 0; }));
  CHECK(broken([](ZoneColumns* columns) { columns->nsec3_hashes.size = 20; }));
}

// FIPS 180-4: the examples of NIST.
void test_sha1() {
  const std::map<std::string, std::string> known = {
      {"", "da39a3ee5e6b4b0d3255bfef95601890afd80709"},
      {"abc", "a9993e364706816aba3e25717850c26c9cd0d89d"},
      {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", "84983e441c3bd26ebaae4aa1f95129e5e54670f1"},
  };
  for (const auto& [data, expected] : known) {
    uint8_t hash[kSha1Size];
    sha1(octets(data), data.size(), hash);
    std::string text;
    for (const uint8_t octet : hash) {
      char hex[3];
      snprintf(hex, sizeof hex, "%02x", octet);
      text += hex;
    }
    CHECK(text == expected);
  }
}

}  // namespace
}  // namespace multisocket::test

int main() {
  using namespace multisocket::test;
  test_answers();
  test_rules();
  test_sizes();
  test_sha1();
  return conclude();
}
