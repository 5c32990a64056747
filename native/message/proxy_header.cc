#include "message/proxy_header.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>

#include "message/wire.h"

namespace multisocket {
namespace {

constexpr std::string_view kText = "PROXY ";
constexpr std::string_view kBinary = {"\r\n\r\n\0\r\nQUIT\n", 12};
// Octets of the longest header of version 1, with its CRLF (s.2.1).
constexpr size_t kMostText = 107;

// Version 2 (s.2.2): the octets after the signature.
constexpr size_t kBinarySize = 16;
constexpr uint8_t kCommandLocal = 0x20;
constexpr uint8_t kCommandProxy = 0x21;

enum Family : uint8_t { kUnspecified = 0, kInet = 1, kInet6 = 2, kUnix = 3 };
// Octets of the two ends, by family.
constexpr std::array<size_t, 4> kEndsSize = {0, 12, 36, 216};

bool begins(const uint8_t* octets, size_t size, std::string_view with) {
  return memcmp(octets, with.data(), std::min(size, with.size())) == 0;
}

void set_address(uint8_t* to, const uint8_t* address, size_t length) {
  if (length == 4) memcpy(to, kMappedPrefix, sizeof kMappedPrefix);
  memcpy(to + kAddressSize - length, address, length);
}

// Removes the text before the next space from `line`, or all of it.
std::string_view next_word(std::string_view* line) {
  const size_t end = std::min(line->find(' '), line->size());
  const std::string_view word = line->substr(0, end);
  line->remove_prefix(std::min(end + 1, line->size()));
  return word;
}

bool read_address(std::string_view word, bool ipv6, uint8_t* to) {
  char text[INET6_ADDRSTRLEN] = {};
  uint8_t address[kAddressSize];
  if (word.size() >= sizeof text) return false;
  word.copy(text, word.size());
  if (inet_pton(ipv6 ? AF_INET6 : AF_INET, text, address) != 1) return false;
  set_address(to, address, ipv6 ? 16 : 4);
  return true;
}

// A decimal number without leading zeros.
bool read_port(std::string_view word, uint16_t* port) {
  if (word.empty() || word.size() > 5 || (word[0] == '0' && word.size() > 1)) return false;
  uint32_t number = 0;
  for (const char digit : word) {
    if (digit < '0' || digit > '9') return false;
    number = number * 10 + static_cast<uint32_t>(digit - '0');
  }
  *port = static_cast<uint16_t>(number);
  return number <= 0xffff;
}

}  // namespace

ProxyHeader::Result ProxyHeader::read(const uint8_t* octets, size_t size) {
  if (size == 0) return Result::kMore;
  if (begins(octets, size, kBinary)) return size < kBinarySize ? Result::kMore : read_binary(octets, size);
  if (begins(octets, size, kText)) return read_text(octets, size);
  return Result::kNone;
}

ProxyHeader::Result ProxyHeader::read_text(const uint8_t* octets, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(octets), std::min(size, kMostText));
  const size_t end = text.find('\n');
  if (end == std::string_view::npos) return size < kMostText ? Result::kMore : Result::kInvalid;
  if (text[end - 1] != '\r') return Result::kInvalid;
  std::string_view line = text.substr(0, end - 1);
  line.remove_prefix(kText.size());
  const std::string_view family = next_word(&line);
  has_ends = family != "UNKNOWN";  // the rest of the line is then ignored
  if (has_ends) {
    const bool ipv6 = family == "TCP6";
    if (!ipv6 && family != "TCP4") return Result::kInvalid;
    if (!read_address(next_word(&line), ipv6, client) || !read_address(next_word(&line), ipv6, local)) {
      return Result::kInvalid;
    }
    const std::string_view from = next_word(&line);
    if (!read_port(from, &client_port) || !read_port(line, &local_port)) return Result::kInvalid;
  }
  this->size = end + 1;
  version = 1;
  return Result::kHeader;
}

ProxyHeader::Result ProxyHeader::read_binary(const uint8_t* octets, size_t size) {
  const uint8_t command = octets[kBinary.size()];
  const unsigned family = octets[kBinary.size() + 1] >> 4;
  const unsigned protocol = octets[kBinary.size() + 1] & 15;
  const size_t length = read16(octets + kBinary.size() + 2);
  if ((command != kCommandLocal && command != kCommandProxy) || kBinarySize + length > kMost) return Result::kInvalid;
  const bool proxied = command == kCommandProxy;
  if (proxied) {
    // Both are unspecified, or neither is. 1 is a stream, 2 are datagrams.
    const bool known = family == kUnspecified ? protocol == 0 : family <= kUnix && (protocol == 1 || protocol == 2);
    if (!known || length < kEndsSize[family]) return Result::kInvalid;
  }
  if (size < kBinarySize + length) return Result::kMore;
  has_ends = proxied && (family == kInet || family == kInet6);
  if (has_ends) {
    const size_t width = family == kInet ? 4 : 16;
    const uint8_t* ends = octets + kBinarySize;
    set_address(client, ends, width);
    set_address(local, ends + width, width);
    client_port = read16(ends + 2 * width);
    local_port = read16(ends + 2 * width + 2);
  }
  this->size = kBinarySize + length;
  version = 2;
  return Result::kHeader;
}

void ProxyHeader::set_ends(QueryOrigin* origin) const {
  origin->set_client(client, kAddressSize);
  origin->set_local(local, kAddressSize);
  origin->set_local_port(htons(local_port));
}

}  // namespace multisocket
