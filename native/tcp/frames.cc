#include "tcp/frames.h"

#include "message/wire.h"

namespace multisocket {
namespace {

constexpr uint32_t kPrefix = 2;

}  // namespace

uint32_t admit_frames(Admission* admission, Frames* frames, uint32_t most) {
  uint32_t rows = 0;
  admission->begin();
  const ReadSection section = admission->section();
  while (rows < most && frames->end - frames->start >= kPrefix) {
    const uint32_t length = read16(frames->input + frames->start);
    if (frames->end - frames->start - kPrefix < length) break;
    const uint32_t message = frames->start + kPrefix;
    uint8_t* answer = frames->output + frames->output_start;
    const uint32_t room = frames->output_end - frames->output_start;
    Admission::Exchange exchange = {frames->front, frames->origin, answer + kPrefix,
                                    room < kPrefix ? 0 : room - kPrefix};
    admission->admit(section, frames->input, message, length, rows, &exchange);
    if (exchange.length == 0) {
      rows++;
    } else {
      write16(answer, static_cast<uint32_t>(exchange.length));
      frames->output_start += kPrefix + static_cast<uint32_t>(exchange.length);
    }
    frames->start = message + length;
  }
  return rows;
}

}  // namespace multisocket
