// What an upstream answered: a message that is checked as a whole before anything keeps it or passes it on.
#ifndef MULTISOCKET_UPSTREAM_ANSWER_H_
#define MULTISOCKET_UPSTREAM_ANSWER_H_

#include <cstddef>
#include <cstdint>

#include "message/layout.h"

namespace multisocket {

// How the question of a message fits the one that was asked.
enum class Fit {
  kOther,     // another question
  kNone,      // no question at all
  kMisspelt,  // the same, but for upper and lower case
  kExact,
};

struct UpstreamAnswer {
  uint16_t flags = 0;
  uint16_t rcode = 0;         // with its extension from OPT (RFC 6891 s.6.1.3)
  uint16_t question_end = 0;  // offset behind the question
  uint16_t records_end = 0;   // offset behind the last record that is passed on
  uint16_t answers = 0;
  uint16_t authorities = 0;
  uint16_t additionals = 0;  // without OPT and what stands behind it
  uint16_t options_offset = 0;
  uint16_t options_length = 0;

  // Writes all of it to a row of answers (layout.h).
  void write(uint32_t* row) const;
};

// Whether a message is a response to a query (RFC 1035 s.4.1.1): QR is set and the opcode is QUERY. `length` is at
// least a header's.
bool is_response(const uint8_t* message);

// Reads a response whose question ends at `question_end`, which is within the message; `fit` is not kOther. kMalformed:
// a record is invalid, there is more than one question or OPT, an OPT stands in another section than the additional
// one, or the last record does not end where the message ends. kUnmatched: there is no question, and the message says
// anything but an error of the server (FORMERR, SERVFAIL, NOTIMP, REFUSED). An OPT may stand before other additional
// records (RFC 6891 s.6.1.1); those behind it are left out, as additional records may be. kMisspelt is never returned.
layout::AnswerOutcome read_answer(const uint8_t* message, size_t length, size_t question_end, Fit fit,
                                  UpstreamAnswer* answer);

// Reads what came on a stream, where nobody can forge: the case of the name is of no matter. kUnmatched: it does not
// answer `query`, whose question ends at `question_end`.
layout::AnswerOutcome read_stream_answer(const uint8_t* message, size_t length, const uint8_t* query,
                                         size_t question_end, UpstreamAnswer* answer);

}  // namespace multisocket

#endif  // MULTISOCKET_UPSTREAM_ANSWER_H_
