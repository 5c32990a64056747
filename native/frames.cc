#include "frames.h"

namespace multisocket {

uint32_t admit_frames(Admission* admission, uint8_t* input, uint32_t start, uint32_t end, uint32_t most) {
  uint32_t rows = 0;
  admission->begin();
  while (rows < most && end - start >= 2) {
    const uint32_t length = static_cast<uint32_t>(input[start]) << 8 | input[start + 1];
    if (end - start - 2 < length) break;
    admission->admit(input, start + 2, length, rows++);
    start += 2 + length;
  }
  return rows;
}

}  // namespace multisocket
