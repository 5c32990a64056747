// Length-prefixed messages of a stream (RFC 1035 s.4.2.2, RFC 7766 s.8).
#ifndef MULTISOCKET_FRAMES_H_
#define MULTISOCKET_FRAMES_H_

#include <cstdint>

#include "admission.h"

namespace multisocket {

// Admits the complete messages of `input` from `start` to `end`, a row each, at most `most` (which is at most
// kBatchSize). Returns how many.
uint32_t admit_frames(Admission* admission, uint8_t* input, uint32_t start, uint32_t end, uint32_t most);

}  // namespace multisocket

#endif  // MULTISOCKET_FRAMES_H_
