#include "upstream/upstream_answer.h"

#include "message/wire.h"

namespace multisocket {
namespace {

constexpr uint16_t kTypeOpt = 41;

// The offset behind the name at `at`; 0 when it does not end within the message.
size_t skip_name(const uint8_t* message, size_t length, size_t at) {
  while (at < length) {
    const uint8_t octet = message[at];
    if (octet == 0) return at + 1;
    if (octet >= 0xc0) return at + 2;
    if (octet > 63) return 0;  // no label is longer (RFC 1035 s.2.3.4)
    at += octet + 1U;
  }
  return 0;
}

}  // namespace

bool read_answer(const uint8_t* message, size_t length, size_t question_end, UpstreamAnswer* answer) {
  answer->flags = read16(message + 2);
  answer->rcode = answer->flags & 0x0f;
  answer->answers = read16(message + 6);
  answer->authorities = read16(message + 8);
  answer->additionals = read16(message + 10);
  const unsigned before = answer->answers + answer->authorities;
  const unsigned records = before + answer->additionals;
  size_t at = question_end;
  for (unsigned i = 0; i < records; i++) {
    const size_t start = at;
    at = skip_name(message, length, at);
    if (at == 0 || at + 10 > length) return false;
    const uint8_t* fixed = message + at;
    const uint16_t rdata_length = read16(fixed + 8);
    at += 10;
    if (rdata_length > length - at) return false;
    if (read16(fixed) == kTypeOpt) {
      if (i + 1 != records || i < before) return false;
      answer->additionals--;
      answer->rcode |= static_cast<uint16_t>(fixed[4] << 4);
      answer->records_end = static_cast<uint16_t>(start);
      answer->options_offset = static_cast<uint16_t>(at);
      answer->options_length = rdata_length;
      return true;
    }
    at += rdata_length;
  }
  answer->records_end = static_cast<uint16_t>(at);
  return true;
}

}  // namespace multisocket
