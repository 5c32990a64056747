#include "cache/cache_key.h"

#include <algorithm>
#include <cstring>

#include "guard/server_cookies.h"
#include "message/address.h"
#include "message/client_subnet.h"
#include "message/little_endian.h"
#include "message/names.h"
#include "message/wire.h"

namespace multisocket {
namespace {

constexpr uint16_t kMinPayloadSize = 512;

// Differs from 0: an empty option is not the same as no option.
constexpr size_t kNoSubnet = UINT8_MAX;
// In the place of a length: the subnet is a scope.
constexpr uint8_t kScoped = UINT8_MAX - 1;

// Finds the client subnet option. `length` must be kNoSubnet, and is unchanged if there is no such option. Returns
// false if there are two of them, or if another option may change the answer.
bool find_subnet(const uint8_t* query, const MessageView& view, AddedOptions added, const uint8_t** subnet,
                 size_t* length) {
  const uint8_t* options = query + view.options_offset;
  for (size_t at = 0; at < view.options_length; at += 4U + read16(options + at + 2)) {
    const uint16_t code = read16(options + at);
    if (code == kOptionKeepalive || code == kOptionPadding || code == kOptionCookie) continue;
    if (code == kOptionNsid && added.nsid) continue;
    if (code != kOptionClientSubnet || *length != kNoSubnet) return false;
    *subnet = options + at + 4;
    *length = read16(options + at + 2);
  }
  return true;
}

}  // namespace

uint16_t reply_limit(const MessageView& view, Transport transport, uint16_t payload_size) {
  if (transport != Transport::kUdp) return UINT16_MAX;
  if (!view.has_opt) return kMinPayloadSize;
  return std::clamp(view.payload_size, kMinPayloadSize, payload_size);
}

bool CacheKey::read(const uint8_t* query, const MessageView& view, Transport transport, uint16_t payload_size,
                    AddedOptions added) {
  // TKEY, TSIG, IXFR and AXFR are meta-types.
  if (view.has_own_reply || (view.qtype >= kTypeTkey && view.qtype <= kTypeAxfr)) return false;
  const uint8_t* subnet = nullptr;
  size_t subnet_length = kNoSubnet;
  if (!find_subnet(query, view, added, &subnet, &subnet_length)) return false;
  if (subnet_length > kMaxSubnet && subnet_length != kNoSubnet) return false;

  // All flags, not only RD, AD, CD and DO: a client shares answers only with clients that set the same flags.
  const auto field = [](Place place, uint64_t value) { return value << (place % 8 * 8); };
  const uint64_t words[kFixedSize / 8] = {
      field(kType, view.qtype) | field(kClass, view.qclass) | field(kFlags, view.flags) |
          field(kOptFlags, view.opt_flags),
      field(kLimit, reply_limit(view, transport, payload_size)) | field(kHasOpt, view.has_opt) |
          field(kTransport, static_cast<uint8_t>(transport)) | field(kNameLength, view.qname_length & 0xff) |
          field(kSubnetLength, subnet_length)};
  // Stored as they are hashed, eight octets at a time: a processor is slow to load what several stores have written.
  for (size_t i = 0; i < kFixedSize; i += 8) write64_little_endian(bytes_ + i, words[i / 8]);

  copy_lower(query + kHeaderSize, view.qname_length, bytes_ + kFixedSize);
  length_ = static_cast<uint16_t>(kFixedSize + view.qname_length);
  if (subnet_length != kNoSubnet) append(subnet, subnet_length);
  question_length_ = length_;
  subnet_ = subnet;
  return true;
}

int CacheKey::source_prefix() const { return subnet_ == nullptr ? -1 : subnet_[kSubnetSource]; }

void CacheKey::scope(unsigned prefix) {
  bytes_[kSubnetLength] = kScoped;
  bytes_[kVariation] = bytes_[kClientLength] = 0;
  length_ = static_cast<uint16_t>(kFixedSize + bytes_[kNameLength]);
  if (prefix > 0) {
    // The family and the first bits of the address. A scope of 0 has neither: it is that of all clients.
    const uint8_t head[] = {subnet_[0], subnet_[1], static_cast<uint8_t>(prefix)};
    append(head, sizeof head);
    append(subnet_ + kSubnetHead, (prefix + 7) / 8);
    if (prefix % 8 != 0) bytes_[length_ - 1] &= static_cast<uint8_t>(0xff00 >> prefix % 8);
  }
  question_length_ = length_;
}

bool CacheKey::vary(uint8_t vary_by, const Origin& origin) {
  if (vary_by == 0 && variation() == 0) return true;
  length_ = question_length_;
  bytes_[kVariation] = vary_by;
  bytes_[kClientLength] = 0;
  if (vary_by & (kVaryByClientAddress | kVaryByClientNetwork)) {
    const uint8_t* client = origin.client;
    size_t length = origin.client_length;
    if (length != 4 && length != 16) return false;
    if (length == kAddressSize && is_mapped(client)) {
      client += sizeof kMappedPrefix;
      length = 4;
    }
    bytes_[kClientLength] = static_cast<uint8_t>(length);
    append(client, vary_by & kVaryByClientAddress ? length : length == 4 ? 3 : 7);
  }
  if (vary_by & kVaryByLocalAddress) {
    if (origin.local_length == 0 || origin.local_length > kMaxLocal) return false;
    append(origin.local, origin.local_length);
  }
  return true;
}

void CacheKey::append(const uint8_t* from, size_t count) {
  if (count == 0) return;
  memcpy(bytes_ + length_, from, count);
  length_ = static_cast<uint16_t>(length_ + count);
}

}  // namespace multisocket
