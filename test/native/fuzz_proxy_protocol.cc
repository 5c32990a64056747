// libFuzzer target: arbitrary octets at the start of connections and of datagrams that may begin with a header of the
// PROXY protocol. Input: the options (1 octet), then the octets.
#include <cstdlib>
#include <cstring>
#include <vector>

#include "message/proxy_protocol.h"

using namespace multisocket;

namespace {

// abort() and not assert(), so that NDEBUG has no effect.
void require(bool holds) {
  if (!holds) abort();
}

constexpr uint8_t kProxy[kAddressSize] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 0, 0, 1};
constexpr uint8_t kStranger[kAddressSize] = {0x20, 0x01, 0x0d, 0xb8};

// Reads the octets as they come: the verdict on a part must not change when more follow.
void read_growing(const ProxyProtocol& proxy, const uint8_t* peer, const std::vector<uint8_t>& all) {
  ProxyHeader whole;
  const ProxyProtocol::Verdict last = proxy.read(all.data(), all.size(), peer, &whole);
  if (last == ProxyProtocol::Verdict::kMore) require(all.size() < ProxyHeader::kMost);
  const size_t step = 1 + all.size() / 8;
  for (size_t size = 0; size < all.size(); size += step) {
    const std::vector<uint8_t> part(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(size));
    ProxyHeader header;
    const ProxyProtocol::Verdict verdict = proxy.read(part.data(), part.size(), peer, &header);
    if (verdict == ProxyProtocol::Verdict::kMore) continue;
    require(verdict == last && header.size == whole.size && header.has_ends == whole.has_ends);
    require(memcmp(header.client, whole.client, sizeof header.client) == 0);
    require(header.size <= size);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  ProxyProtocol::Options options;
  options.from = {Network(kProxy, 128)};
  options.required = data[0] & 1;
  options.others = static_cast<ProxyProtocol::Others>((data[0] >> 1) % 3);
  const ProxyProtocol proxy(options);
  const std::vector<uint8_t> octets(data + 1, data + size);
  for (const uint8_t* peer : {kProxy, kStranger}) {
    read_growing(proxy, peer, octets);
    ProxyHeader header;
    const ProxyProtocol::Verdict verdict = proxy.read_datagram(octets.data(), octets.size(), peer, &header);
    require(verdict != ProxyProtocol::Verdict::kMore);
    if (verdict == ProxyProtocol::Verdict::kRefused) continue;
    require(header.size <= octets.size() && header.size <= ProxyHeader::kMost && header.version != 1);
    if (peer == kStranger) require(!header.has_ends && !options.required);
    if (options.required) require(header.size > 0);
  }
  return 0;
}
