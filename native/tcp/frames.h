// Length-prefixed messages of a stream (RFC 1035 s.4.2.2, RFC 7766 s.8).
#ifndef MULTISOCKET_FRAMES_H_
#define MULTISOCKET_FRAMES_H_

#include <cstdint>

#include "message/admission.h"

namespace multisocket {

// The input with messages, and the output for immediate answers.
struct Frames {
  uint8_t* input;
  uint32_t start;  // moves past the consumed input
  uint32_t end;
  const AnswerFront* front;  // null: no caches
  Origin origin;
  uint8_t* output;
  uint32_t output_start;  // moves past the answers; each follows its length
  uint32_t output_end;
};

// Admits complete messages. A message fills a row unless the cache has the answer. It stops after `most` rows (at most
// kBatchSize) or when there is no room for an answer. Returns the number of rows.
uint32_t admit_frames(Admission* admission, Frames* frames, uint32_t most);

}  // namespace multisocket

#endif  // MULTISOCKET_FRAMES_H_
