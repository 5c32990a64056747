// An answer from an upstream. The whole message is checked before it is cached or passed on.
#ifndef MULTISOCKET_UPSTREAM_ANSWER_H_
#define MULTISOCKET_UPSTREAM_ANSWER_H_

#include <cstddef>
#include <cstdint>

#include "message/layout.h"

namespace multisocket {

// How the question of a message compares with the question that was asked.
enum class Fit {
  kOther,     // a different question
  kNone,      // no question
  kMisspelt,  // equal except for upper and lower case
  kExact,
};

struct UpstreamAnswer {
  uint16_t flags = 0;
  uint16_t rcode = 0;         // including the extension from OPT (RFC 6891 s.6.1.3)
  uint16_t question_end = 0;  // offset after the question
  uint16_t records_end = 0;   // offset after the last record that is passed on
  uint16_t answers = 0;
  uint16_t authorities = 0;
  uint16_t additionals = 0;  // without OPT and the records after it
  uint16_t options_offset = 0;
  uint16_t options_length = 0;

  // Writes all fields to a row of answers (layout.h).
  void write(uint32_t* row) const;
};

// Whether a message is a response to a query (RFC 1035 s.4.1.1): QR is set and the opcode is QUERY. The message must
// have at least the length of a header.
bool is_response(const uint8_t* message);

// Reads a response whose question ends at `question_end`, which is within the message; `fit` must not be kOther.
// Returns kMalformed if a record is invalid, if there are two questions or OPTs, if an OPT is not in the additional
// section, or if the last record does not end where the message ends. Returns kUnmatched if there is no question and
// the message is not just an error of the server (FORMERR, SERVFAIL, NOTIMP, REFUSED). Other additional records may
// follow an OPT (RFC 6891 s.6.1.1); they are left out, since additional records are optional. It never returns
// kMisspelt.
layout::AnswerOutcome read_answer(const uint8_t* message, size_t length, size_t question_end, Fit fit,
                                  UpstreamAnswer* answer);

// Reads an answer from a stream. It ignores the case of the name, since nobody can forge an answer there. kUnmatched:
// the message does not answer `query`, whose question ends at `question_end`.
layout::AnswerOutcome read_stream_answer(const uint8_t* message, size_t length, const uint8_t* query,
                                         size_t question_end, UpstreamAnswer* answer);

}  // namespace multisocket

#endif  // MULTISOCKET_UPSTREAM_ANSWER_H_
