#include "upstream/upstream_answer.h"

#include <cstring>

#include "message/names.h"
#include "message/records.h"
#include "message/wire.h"

namespace multisocket {
namespace {

// The errors of a server that could not read the question or refused to.
bool needs_no_question(uint16_t rcode) {
  return rcode == kRcodeFormErr || rcode == kRcodeServFail || rcode == kRcodeNotImp || rcode == kRcodeRefused;
}

Fit compare_questions(const uint8_t* message, size_t length, const uint8_t* query, size_t question_end) {
  if (read16(message + 4) == 0) return Fit::kNone;
  if (length < question_end) return Fit::kOther;
  uint8_t lower[2][kMaxName];
  const size_t name_length = question_end - 4 - kHeaderSize;
  copy_lower(message + kHeaderSize, name_length, lower[0]);
  copy_lower(query + kHeaderSize, name_length, lower[1]);
  const bool same = memcmp(lower[0], lower[1], name_length) == 0 &&
                    memcmp(message + question_end - 4, query + question_end - 4, 4) == 0;
  return same ? Fit::kExact : Fit::kOther;
}

// Returns whether all records are valid and end where the message ends.
bool read_records(const uint8_t* message, size_t length, UpstreamAnswer* answer) {
  const unsigned before = answer->answers + answer->authorities;
  const unsigned records = before + answer->additionals;
  bool has_opt = false;
  size_t at = answer->question_end;
  for (unsigned i = 0; i < records; i++) {
    Record record;
    at = read_record(message, length, at, &record);
    if (at == 0) return false;
    if (record.type == kTypeOpt) {
      if (has_opt || i < before) return false;
      has_opt = true;
      answer->additionals = static_cast<uint16_t>(i - before);
      answer->rcode |= static_cast<uint16_t>(record.ttl >> 24 << 4);
      answer->records_end = static_cast<uint16_t>(record.owner);
      answer->options_offset = static_cast<uint16_t>(record.rdata);
      answer->options_length = record.rdlength;
    }
  }
  if (!has_opt) answer->records_end = static_cast<uint16_t>(at);
  return at == length;
}

}  // namespace

void UpstreamAnswer::write(uint32_t* row) const {
  row[layout::kAnswerQuestionEnd] = question_end;
  row[layout::kAnswerRecordsEnd] = records_end;
  row[layout::kAnswerFlagsAndRcode] = static_cast<uint32_t>(flags) << 16 | rcode;
  row[layout::kAnswerAnswers] = answers;
  row[layout::kAnswerAuthorities] = authorities;
  row[layout::kAnswerAdditionals] = additionals;
  row[layout::kAnswerOptionsOffset] = options_offset;
  row[layout::kAnswerOptionsLength] = options_length;
}

bool is_response(const uint8_t* message) { return (read16(message + 2) & (kFlagQr | kOpcodeMask)) == kFlagQr; }

layout::AnswerOutcome read_answer(const uint8_t* message, size_t length, size_t question_end, Fit fit,
                                  UpstreamAnswer* answer) {
  answer->flags = read16(message + 2);
  answer->rcode = answer->flags & kRcodeMask;
  if ((answer->flags & kFlagTc) != 0) return layout::kTruncated;
  answer->question_end = static_cast<uint16_t>(fit == Fit::kNone ? kHeaderSize : question_end);
  answer->answers = read16(message + 6);
  answer->authorities = read16(message + 8);
  answer->additionals = read16(message + 10);
  const bool bare = answer->answers + answer->authorities == 0;
  if (fit == Fit::kNone && !(bare && needs_no_question(answer->rcode))) return layout::kUnmatched;
  if (read16(message + 4) > 1 || !read_records(message, length, answer)) return layout::kMalformed;
  return layout::kAnswered;
}

layout::AnswerOutcome read_stream_answer(const uint8_t* message, size_t length, const uint8_t* query,
                                         size_t question_end, UpstreamAnswer* answer) {
  if (length < kHeaderSize || !is_response(message)) return layout::kUnmatched;
  const Fit fit = compare_questions(message, length, query, question_end);
  if (fit == Fit::kOther) return layout::kUnmatched;
  const layout::AnswerOutcome outcome = read_answer(message, length, question_end, fit, answer);
  // No transport is better than a stream: an answer that is truncated on a stream is useless.
  return outcome == layout::kTruncated ? layout::kMalformed : outcome;
}

}  // namespace multisocket
