// libFuzzer target: arbitrary octets, to which a TSIG record of arbitrary octets may be added (RFC 8945). An accepted
// signature is read again by simpler rules, and the message without it is accepted too.
#include <cstdlib>
#include <cstring>
#include <memory>
#include <vector>

#include "message/message_view.h"
#include "message/wire.h"

using namespace multisocket;

namespace {

constexpr Opcodes kAll = 1U << kOpcodeQuery | 1U << kOpcodeNotify | 1U << kOpcodeUpdate;
constexpr size_t kAdditionalCount = 10;

// abort() and not assert(), so that NDEBUG has no effect.
void require(bool holds) {
  if (!holds) abort();
}

size_t after_name(const uint8_t* message, size_t at) {
  while (message[at] != 0 && message[at] < 0xc0) at += message[at] + 1U;
  return at + (message[at] == 0 ? 1 : 2);
}

void append16(std::vector<uint8_t>* to, size_t value) {
  to->push_back(static_cast<uint8_t>(value >> 8));
  to->push_back(static_cast<uint8_t>(value));
}

// A message in memory of exactly its length, so that the sanitizer detects the first octet too many.
Verdict examine_copy(const std::vector<uint8_t>& octets, MessageView* view) {
  const std::unique_ptr<uint8_t[]> copy(new uint8_t[octets.size()]);
  memcpy(copy.get(), octets.data(), octets.size());
  return examine(copy.get(), octets.size(), view, kAll);
}

void check_signature(const std::vector<uint8_t>& message, size_t at) {
  const uint8_t* octets = message.data();
  at = after_name(octets, at);
  require(read16(octets + at) == kTypeTsig && read16(octets + at + 2) == kClassAny && read32(octets + at + 4) == 0);
  const size_t end = at + kRecordFixedSize + read16(octets + at + 8);
  require(end == message.size());
  at += kRecordFixedSize;
  while (octets[at] != 0) {
    require(octets[at] < 64);
    at += octets[at] + 1U;
  }
  at += 1 + 8;                         // time and fudge
  at += 2U + read16(octets + at) + 4;  // MAC, ID and error
  at += 2U + read16(octets + at);
  require(at == end);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t length) {
  if (length < 1 + kHeaderSize || length > 4096) return 0;
  // The first octet says how much of the rest is the RDATA of a record that is added.
  const size_t rest = length - 1 - kHeaderSize;
  const size_t rdata = data[0] < rest ? data[0] : 0;
  std::vector<uint8_t> message(data + 1, data + length - rdata);
  if (rdata > 0) {
    message.push_back(0);
    append16(&message, kTypeTsig);
    append16(&message, kClassAny);
    append16(&message, 0);
    append16(&message, 0);
    append16(&message, rdata);
    message.insert(message.end(), data + length - rdata, data + length);
    write16(&message[kAdditionalCount], read16(&message[kAdditionalCount]) + 1U);
  }
  MessageView view;
  if (examine_copy(message, &view) != Verdict::kQuery) return 0;
  if (view.tsig == 0) return 0;  // there is none, or it is within the RDATA of another record
  require(view.has_own_reply);
  check_signature(message, view.tsig);
  message.resize(view.tsig);
  write16(&message[kAdditionalCount], read16(&message[kAdditionalCount]) - 1U);
  MessageView plain;
  require(examine_copy(message, &plain) == Verdict::kQuery && plain.tsig == 0 && plain.qtype == view.qtype);
  return 0;
}
