// Length-prefixed messages of a stream (RFC 1035 s.4.2.2, RFC 7766 s.8).
#ifndef MULTISOCKET_FRAMES_H_
#define MULTISOCKET_FRAMES_H_

#include <cstdint>

#include "message/admission.h"

namespace multisocket {

// Messages that came, and a place for answers that are known.
struct Frames {
  uint8_t* input;
  uint32_t start;  // moves behind what was looked at
  uint32_t end;
  const AnswerFront* front;  // null: no answers are known
  Origin origin;
  uint8_t* output;
  uint32_t output_start;  // moves behind the answers, each of which stands behind its length
  uint32_t output_end;
};

// Admits the complete messages, a row each unless the cache has the answer, at most `most` rows (which is at most
// kBatchSize) and as many answers as there is room for. Returns the number of rows.
uint32_t admit_frames(Admission* admission, Frames* frames, uint32_t most);

}  // namespace multisocket

#endif  // MULTISOCKET_FRAMES_H_
