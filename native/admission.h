// Decides over each message of a batch, whatever transport brought it: a row for a handler, a reply at once, or
// nothing.
#ifndef MULTISOCKET_ADMISSION_H_
#define MULTISOCKET_ADMISSION_H_

#include <cstddef>
#include <cstdint>

#include "layout.h"

namespace multisocket {

class Admission {
 public:
  enum Outcome : uint32_t { kQuery, kDrop, kReply };

  // `rows`: kBatchSize rows of kQueryWords; `text`: kTextSize bytes, whose first is called `text_offset` in the rows;
  // `counters`: a worker's row. All outlive this object.
  Admission(uint32_t* rows, uint8_t* text, uint32_t text_offset, double* counters)
      : rows_(rows), text_(text), text_offset_(text_offset), counters_(counters) {}

  // Forgets the last batch.
  void begin() { text_used_ = 0; }

  // Examines `length` bytes at `base + offset` and fills the row numbered `row` (below kBatchSize). kReply: the reply
  // stands where the message stood, and the row's kLength is the reply's.
  Outcome admit(uint8_t* base, uint32_t offset, uint32_t length, uint32_t row);

 private:
  uint32_t* rows_;
  uint8_t* text_;
  uint32_t text_offset_;
  uint32_t text_used_ = 0;
  double* counters_;
};

}  // namespace multisocket

#endif  // MULTISOCKET_ADMISSION_H_
