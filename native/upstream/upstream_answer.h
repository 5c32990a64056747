// A bounds-checked look at what an upstream answered: where its records stand and what its OPT says.
#ifndef MULTISOCKET_UPSTREAM_ANSWER_H_
#define MULTISOCKET_UPSTREAM_ANSWER_H_

#include <cstddef>
#include <cstdint>

namespace multisocket {

struct UpstreamAnswer {
  uint16_t flags = 0;
  uint16_t rcode = 0;        // with its extension from OPT (RFC 6891 s.6.1.3)
  uint16_t records_end = 0;  // offset behind the last record that is no OPT
  uint16_t answers = 0;
  uint16_t authorities = 0;
  uint16_t additionals = 0;  // without OPT
  uint16_t options_offset = 0;
  uint16_t options_length = 0;
};

// Reads the records behind a question that ends at `question_end`, which is within the message. False when one of them
// is cut off, when there are two OPT, or when OPT is not the last record, so that the others are not in one piece.
bool read_answer(const uint8_t* message, size_t length, size_t question_end, UpstreamAnswer* answer);

}  // namespace multisocket

#endif  // MULTISOCKET_UPSTREAM_ANSWER_H_
