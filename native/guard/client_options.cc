#include "guard/client_options.h"

#include <algorithm>
#include <cstring>

#include "message/wire.h"

namespace multisocket {
namespace {

constexpr size_t kPackedNumbers = 10;
constexpr size_t kOptionHeader = 4;

// Writes the code and the length of an option. Returns where its data begin.
uint8_t* begin_option(uint8_t* at, uint16_t code, size_t length) {
  write16(at, code);
  write16(at + 2, static_cast<uint32_t>(length));
  return at + kOptionHeader;
}

}  // namespace

EdnsSettings EdnsSettings::of(const uint8_t* packed, size_t length) {
  EdnsSettings settings;
  settings.opcodes = read16(packed);
  settings.payload_size = read16(packed + 2);
  settings.keepalive = read16(packed + 4);
  settings.padding_block = read16(packed + 6);
  settings.signatures = read16(packed + 8) != 0;
  if (length > kPackedNumbers) {
    settings.nsid = packed + kPackedNumbers;
    settings.nsid_length = length - kPackedNumbers;
  }
  return settings;
}

size_t add_client_options(uint8_t* reply, size_t length, size_t opt, size_t limit, uint8_t asked, const uint8_t* cookie,
                          const EdnsSettings& settings) {
  size_t end = length;
  size_t owed = cookie == nullptr ? 0 : kCookieOptionSize;
  const auto fits = [&](size_t data) { return end + kOptionHeader + data + owed <= limit; };
  if ((asked & kAskedNsid) && settings.nsid != nullptr && fits(settings.nsid_length)) {
    memcpy(begin_option(reply + end, kOptionNsid, settings.nsid_length), settings.nsid, settings.nsid_length);
    end += kOptionHeader + settings.nsid_length;
  }
  if ((asked & kAskedKeepalive) && settings.keepalive != 0 && fits(2)) {
    write16(begin_option(reply + end, kOptionKeepalive, 2), settings.keepalive);
    end += kOptionHeader + 2;
  }
  if (cookie != nullptr && end + owed <= limit) {
    write_cookie_option(cookie, reply + end);
    end += owed;
  }
  owed = 0;
  // Padding comes last, since its length depends on all other options.
  if ((asked & kAskedPadding) && settings.padding_block != 0 && fits(0)) {
    const size_t block = settings.padding_block;
    const size_t padded = std::min((end + kOptionHeader + block - 1) / block * block, limit);
    const size_t zeros = padded - end - kOptionHeader;
    memset(begin_option(reply + end, kOptionPadding, zeros), 0, zeros);  // RFC 7830 s.3
    end = padded;
  }
  write16(reply + opt + kOptSize - 2, static_cast<uint32_t>(end - opt - kOptSize));
  return end;
}

}  // namespace multisocket
