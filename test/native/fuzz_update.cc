// libFuzzer target: arbitrary octets as UPDATE and NOTIFY messages. An accepted message is read again by simpler rules
// (RFC 2136 s.3).
#include <cstdlib>
#include <cstring>
#include <memory>

#include "message/message_view.h"
#include "message/wire.h"

using namespace multisocket;

namespace {

constexpr Opcodes kAll = 1U << kOpcodeQuery | 1U << kOpcodeNotify | 1U << kOpcodeUpdate;

// abort() and not assert(), so that NDEBUG has no effect.
void require(bool holds) {
  if (!holds) abort();
}

size_t after_name(const uint8_t* message, size_t at) {
  while (message[at] != 0 && message[at] < 0xc0) at += message[at] + 1U;
  return at + (message[at] == 0 ? 1 : 2);
}

// A record of an UPDATE: by its section, class, type, TTL and length.
void check_record(bool is_prerequisite, uint16_t zone_class, const uint8_t* fields) {
  const uint16_t type = read16(fields);
  const uint16_t klass = read16(fields + 2);
  const bool has_ttl = read32(fields + 4) != 0;
  const bool is_empty = read16(fields + 8) == 0;
  require(type != kTypeOpt && type != kTypeTsig);
  require(is_prerequisite || type < 128 || type > 254);
  if (klass == zone_class) {
    require(is_prerequisite ? !has_ttl : type != kTypeAny);
    require(type != kTypeA || zone_class != kClassIn || read16(fields + 8) == 4);
  } else if (klass == kClassNone && !is_prerequisite) {
    require(type != kTypeAny && !has_ttl);
  } else {
    require((klass == kClassAny || klass == kClassNone) && is_empty && !has_ttl);
  }
}

void check_accepted(const uint8_t* message, size_t length, const MessageView& view) {
  require(read16(message + 4) == 1 && view.has_own_reply);
  require(size_t{view.options_offset} + view.options_length <= length);
  const bool is_update = (message[2] >> 3 & 15) == kOpcodeUpdate;
  require(!is_update || (view.qtype == kTypeSoa && view.qclass != kClassAny && view.qclass != kClassNone));
  const unsigned first = read16(message + 6);
  const unsigned before = first + read16(message + 8);
  const unsigned all = before + read16(message + 10);
  size_t at = view.question_end;
  for (unsigned i = 0; i < all; i++) {
    at = after_name(message, at);
    require(at + kRecordFixedSize <= length);
    if (is_update && i < before) check_record(i < first, view.qclass, message + at);
    at += kRecordFixedSize + read16(message + at + 8);
    require(at <= length);
  }
  require(at == length);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t length) {
  if (length < kHeaderSize || length > UINT16_MAX) return 0;
  // Memory of exactly this length, so that the sanitizer detects the first octet too many.
  const std::unique_ptr<uint8_t[]> message(new uint8_t[length]);
  memcpy(message.get(), data, length);
  // Always one of the two opcodes, and never a response.
  const unsigned opcode = (data[2] & 8) != 0 ? kOpcodeUpdate : kOpcodeNotify;
  message[2] = static_cast<uint8_t>((data[2] & 7) | opcode << 3);
  MessageView view;
  const Verdict verdict = examine(message.get(), length, &view, kAll);
  if (verdict == Verdict::kQuery) {
    check_accepted(message.get(), length, view);
    MessageView alone;
    require(examine(message.get(), length, &alone) == Verdict::kNotImplemented);
    return 0;
  }
  require(verdict == Verdict::kFormatError || verdict == Verdict::kBadVersion);
  const size_t reply = make_error_reply(message.get(), view, verdict, kPayloadSize);
  require(reply >= kHeaderSize && reply <= length);
  require((message[2] >> 3 & 15) == opcode && (message[2] & 0x80) != 0);
  return 0;
}
