// libFuzzer target: arbitrary octets after a question, read as an upstream's answer. An accepted answer is read again
// by simpler rules.
#include <cstdlib>
#include <cstring>
#include <memory>

#include "message/wire.h"
#include "upstream/upstream_answer.h"

using namespace multisocket;

namespace {

// A header, `a.` A IN.
constexpr size_t kQuestionEnd = 12 + 3 + 4;

// abort() and not assert(), so that NDEBUG has no effect.
void require(bool holds) {
  if (!holds) abort();
}

size_t after_name(const uint8_t* message, size_t at) {
  while (message[at] != 0 && message[at] < 0xc0) at += message[at] + 1U;
  return at + (message[at] == 0 ? 1 : 2);
}

// Returns the number of labels of a name, through all its pointers; 128 if they do not end.
size_t labels(const uint8_t* message, size_t at) {
  size_t count = 0;
  for (size_t steps = 0; message[at] != 0; steps++) {
    if (steps > 255) return 128;
    if (message[at] >= 0xc0) {
      at = (message[at] & 0x3fU) << 8 | message[at + 1];
    } else {
      at += message[at] + 1U;
      count++;
    }
  }
  return count;
}

void check_answer(const uint8_t* message, size_t length, const UpstreamAnswer& answer) {
  require(answer.flags == read16(message + 2) && (answer.rcode & 0x0f) == (answer.flags & 0x0f));
  require(answer.question_end == kQuestionEnd);
  require(answer.records_end >= kQuestionEnd && answer.records_end <= length);
  require(size_t{answer.options_offset} + answer.options_length <= length);
  require(answer.options_length == 0 || answer.options_offset >= answer.records_end + 11U);
  size_t at = kQuestionEnd;
  const size_t records = size_t{answer.answers} + answer.authorities + answer.additionals;
  for (size_t i = 0; i < records; i++) {
    require(labels(message, at) <= 127);
    at = after_name(message, at);
    const uint16_t type = read16(message + at);
    require(type != 41);
    // The RDATA of NS, CNAME and PTR is a name.
    if (type == 2 || type == 5 || type == 12) {
      require(labels(message, at + 10) <= 127);
      require(after_name(message, at + 10) == at + 10U + read16(message + at + 8));
    }
    at += 10U + read16(message + at + 8);
    require(at <= answer.records_end);
  }
  require(at == answer.records_end);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t length) {
  if (length < kQuestionEnd || length > UINT16_MAX) return 0;
  // Memory of exactly this length, so that the sanitizer detects the first octet too many.
  const std::unique_ptr<uint8_t[]> message(new uint8_t[length]);
  memcpy(message.get(), data, length);
  UpstreamAnswer answer;
  if (read_answer(message.get(), length, kQuestionEnd, Fit::kExact, &answer) == layout::kAnswered) {
    check_answer(message.get(), length, answer);
  }
  // As a stream, with a query that has the same question, and with one that has another.
  uint8_t query[kQuestionEnd];
  memcpy(query, data, kQuestionEnd);
  read_stream_answer(message.get(), length, query, kQuestionEnd, &answer);
  query[kHeaderSize + 1] ^= 0x20;
  read_stream_answer(message.get(), length, query, kQuestionEnd, &answer);
  // Without the question: its octets are read as records of the message.
  read_answer(message.get(), length, kQuestionEnd, Fit::kNone, &answer);
  require(memcmp(message.get(), data, length) == 0);
  return 0;
}
