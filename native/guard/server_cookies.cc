#include "guard/server_cookies.h"

#include <cstring>

#include "message/address.h"
#include "message/little_endian.h"
#include "message/wire.h"

namespace multisocket {
namespace {

constexpr size_t kClientPart = 8;
constexpr size_t kMinServerPart = 8;  // RFC 7873 s.4
constexpr size_t kMaxServerPart = 32;
// RFC 9018 s.4: version, three reserved octets, timestamp, hash.
constexpr size_t kVersion = kClientPart;
constexpr size_t kReserved = kVersion + 1;
constexpr size_t kTimestamp = kReserved + 3;
constexpr size_t kHash = kTimestamp + 4;
constexpr uint8_t kVersion1 = 1;
static_assert(kHash + sizeof(uint64_t) == kCookieSize, "what is hashed and the hash are a cookie");

// Seconds (RFC 9018 s.4.3).
constexpr int32_t kMaxAge = 3600;
constexpr int32_t kMaxAhead = 300;
constexpr int32_t kRenewalAge = 1800;

// RFC 9018 s.4.4: a hash of everything before the hash, and of the client's address in wire format.
class CookieHash {
 public:
  CookieHash(const uint8_t* cookie, const uint8_t* client) {
    const bool ipv4 = is_mapped(client);
    memcpy(input_, cookie, kHash);
    length_ = kHash + (ipv4 ? 4 : 16);
    memcpy(input_ + kHash, ipv4 ? client + sizeof kMappedPrefix : client, length_ - kHash);
  }
  uint64_t by(const SipKey& key) const { return siphash<2, 4>(key, input_, length_); }

 private:
  uint8_t input_[kHash + 16];
  size_t length_;
};

}  // namespace

void CookieSecrets::add(const uint8_t* secret) {
  keys[count++] = {read64_little_endian(secret), read64_little_endian(secret + 8)};
}

const uint8_t* find_cookie(const uint8_t* message, const MessageView& view, size_t* length) {
  const uint8_t* options = message + view.options_offset;
  for (size_t at = 0; at < view.options_length; at += 4U + *length) {
    *length = read16(options + at + 2);
    if (read16(options + at) == kOptionCookie) return options + at + 4;
  }
  return nullptr;
}

CookieState check_cookie(const CookieSecrets& secrets, const uint8_t* cookie, size_t length, const uint8_t* client,
                         uint32_t now, uint8_t* fresh) {
  if (cookie == nullptr) return CookieState::kNone;
  CookieState state = CookieState::kClientOnly;
  if (length != kClientPart) {
    if (length < kClientPart + kMinServerPart || length > kClientPart + kMaxServerPart) return CookieState::kMalformed;
    state = CookieState::kBad;
  }
  if (length == kCookieSize && cookie[kVersion] == kVersion1) {
    // Compared as serial numbers (RFC 1982), since the timestamp may wrap around between the cookie's making and its
    // return.
    const auto age = static_cast<int32_t>(now - read32(cookie + kTimestamp));
    if (age <= kMaxAge && age >= -kMaxAhead) {
      const CookieHash hash(cookie, client);
      const uint64_t sent = read64_little_endian(cookie + kHash);
      for (size_t i = 0; i < secrets.count && state != CookieState::kGood; i++) {
        if (hash.by(secrets.keys[i]) != sent) continue;
        state = CookieState::kGood;
        if (i > 0 || age > kRenewalAge) break;
        memcpy(fresh, cookie, kCookieSize);
        return state;
      }
    }
  }
  memcpy(fresh, cookie, kClientPart);
  fresh[kVersion] = kVersion1;
  memset(fresh + kReserved, 0, kTimestamp - kReserved);
  write32(fresh + kTimestamp, now);
  write64_little_endian(fresh + kHash, CookieHash(fresh, client).by(secrets.keys[0]));
  return state;
}

void write_cookie_option(const uint8_t* cookie, uint8_t* out) {
  write16(out, kOptionCookie);
  write16(out + 2, kCookieSize);
  memcpy(out + 4, cookie, kCookieSize);
}

bool examine_without_question(const uint8_t* message, size_t length, MessageView* view) {
  static constexpr uint8_t kOneAdditional[8] = {0, 0, 0, 0, 0, 0, 0, 1};
  if (length < kHeaderSize + kOptSize || memcmp(message + 4, kOneAdditional, sizeof kOneAdditional) != 0) return false;
  const uint8_t* opt = message + kHeaderSize;
  const size_t options_length = length - kHeaderSize - kOptSize;
  const bool is_opt = opt[0] == 0 && read16(opt + 1) == kTypeOpt && read16(opt + 9) == options_length;
  if ((read16(message + 2) & (kFlagQr | kOpcodeMask)) != 0 || !is_opt || opt[6] != 0) return false;
  size_t at = 0;
  while (at + 4 <= options_length) at += 4U + read16(opt + kOptSize + at + 2);
  if (at != options_length) return false;
  *view = {};
  view->id = read16(message);
  view->flags = read16(message + 2);
  view->question_end = kHeaderSize;
  view->has_opt = true;
  view->payload_size = read16(opt + 3);
  view->opt_flags = read16(opt + 7);
  view->options_offset = kHeaderSize + kOptSize;
  view->options_length = static_cast<uint16_t>(options_length);
  return true;
}

}  // namespace multisocket
