// Fuzz target: a zone with any records, RDATA malformed and chains of NSEC3 broken, and questions to it. The structure
// of the image is right, since only this process makes images.
#include <cstdlib>
#include <string>
#include <vector>

#include "cache/cache_key.h"
#include "message/names.h"
#include "message/wire.h"
#include "zone/zone_table.h"
#include "zone_builder.h"

namespace {

using multisocket::test::ZoneBuilder;

// Takes octets from the input.
class Input {
 public:
  Input(const uint8_t* data, size_t size) : at_(data), end_(data + size) {}
  bool empty() const { return at_ == end_; }
  uint8_t octet() { return empty() ? 0 : *at_++; }
  std::string octets(size_t count) {
    std::string taken;
    while (count-- > 0 && !empty()) taken += static_cast<char>(*at_++);
    return taken;
  }

 private:
  const uint8_t* at_;
  const uint8_t* end_;
};

const char* const kNames[] = {
    "", "a", "b", "*", "x.a", "*.a", "c.b.a", "d", "*.d", "e.d", "0p9mhaveqvm6t7vbl5lop2u3t2rp3tom"};
const uint32_t kTypes[] = {1, 2, 5, 6, 15, 28, 33, 35, 39, 43, 46, 47, 50, 64, 65, 107, 255, 16};

std::string name_in(Input* input) {
  const char* relative = kNames[input->octet() % std::size(kNames)];
  const std::string suffix = input->octet() % 8 == 0 ? "net" : "zone";
  return relative[0] == 0 ? suffix : relative + ("." + suffix);
}

std::string rdata_in(Input* input, uint32_t type) {
  if (input->octet() % 4 == 0) return input->octets(input->octet() % 64);  // as it comes
  const std::string name = multisocket::test::wire_name(name_in(input));
  switch (type) {
    case 2:
    case 5:
    case 39:
      return name;
    case 6:
      return name + name + input->octets(20);
    case 15:
    case 107:
      return input->octets(2) + name;
    case 33:
      return std::string(6, '\1') + name;
    default:
      return input->octets(input->octet() % 80);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace multisocket;
  Input input(data, size);
  ZoneBuilder zone("zone");
  zone.add("", kTypeSoa, test::wire_name("zone") + test::wire_name("zone") + std::string(20, '\2'));
  std::vector<uint32_t> nodes = {0};
  for (unsigned left = input.octet() % 24; left > 0; left--) {
    const char* name = kNames[input.octet() % std::size(kNames)];
    const uint32_t type = kTypes[input.octet() % std::size(kTypes)];
    const bool signature = input.octet() % 4 == 0;
    zone.add(name, signature ? ZoneImage::signature_type(type) : type, rdata_in(&input, type));
    nodes.push_back(zone.node_of(name));
  }
  const uint8_t chain = input.octet() % 3;
  if (chain == 1) zone.set_order(nodes);
  if (chain == 2) {
    std::string hashes = input.octets(20 * nodes.size());
    hashes.resize(20 * nodes.size());
    zone.set_nsec3(hashes, nodes, input.octet(), input.octets(input.octet() % 9));
  }
  const ZoneColumns columns = zone.columns();
  if (!ZoneImage::fits(columns)) abort();
  ZoneTable table;
  table.put(columns.origin, {ZoneImage(columns), input.octet() % 2 == 0, input.octet() % 2 == 0});
  while (!input.empty()) {
    test::Query query;
    query.name = name_in(&input);
    query.type = kTypes[input.octet() % std::size(kTypes)];
    query.opt = input.octet() % 4 != 0;
    query.opt_flags = input.octet() % 2 == 0 ? kFlagDo : 0;
    query.payload_size = 512 + 16U * input.octet();
    const std::string message = query.message();
    std::vector<uint8_t> buffer(message.begin(), message.end());
    buffer.resize(2304);
    MessageView view;
    if (examine(buffer.data(), message.size(), &view) != Verdict::kQuery) continue;
    const uint16_t limit = reply_limit(view, Transport::kUdp, kPayloadSize);
    const auto found = table.answer(buffer.data(), view, input.octet() % 2 == 0, limit, kPayloadSize, buffer.data());
    if (found.length == 0) {
      if (!std::equal(message.begin(), message.end(), buffer.begin(),
                      [](char a, uint8_t b) { return static_cast<uint8_t>(a) == b; }))
        abort();
      continue;
    }
    if (found.length > limit || read16(buffer.data()) != view.id || (buffer[2] & 0x80) == 0) abort();
    // Owners and lengths of the records fit together.
    size_t at = view.question_end;
    const unsigned records = read16(buffer.data() + 6) + read16(buffer.data() + 8) + read16(buffer.data() + 10);
    for (unsigned i = 0; i < records; i++) {
      at = skip_name(buffer.data(), found.length, at);
      if (at == 0 || at + kRecordFixedSize > found.length) abort();
      at += kRecordFixedSize + read16(buffer.data() + at + 8);
    }
    if (at != found.length) abort();
  }
  return 0;
}
