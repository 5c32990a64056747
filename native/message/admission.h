// Decides over each message of a batch, whatever transport brought it: a row for a handler, a reply at once, or
// nothing.
#ifndef MULTISOCKET_ADMISSION_H_
#define MULTISOCKET_ADMISSION_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include "cache/answer_front.h"
#include "guard/client_options.h"
#include "guard/guard.h"
#include "message/layout.h"

namespace multisocket {

class Admission {
 public:
  // Who asks, who may have an answer already, and where one that is made at once may go.
  struct Exchange {
    const AnswerFront* front;  // null: nobody
    Origin origin;
    uint8_t* out;
    size_t capacity;
    size_t length = 0;       // of the answer that was written; 0: none
    size_t opt = 0;          // where in it the OPT begins; 0: it has none
    bool unlimited = false;  // its reply is not charged
  };

  // `rows`: kBatchSize rows of kQueryWords; `text`: kTextSize bytes, whose first is called `text_offset` in the rows;
  // `counters`: a worker's row. All outlive this object, and so does what `edns` points to.
  Admission(uint32_t* rows, uint8_t* text, uint32_t text_offset, double* counters, const EdnsSettings& edns)
      : rows_(rows), text_(text), text_offset_(text_offset), counters_(counters), edns_(edns) {}

  // Has `guard` look at everything first.
  void use(std::shared_ptr<Guard> guard) { guard_ = std::move(guard); }
  Guard* guard() const { return guard_.get(); }

  // Forgets the last batch, and reads the clock.
  void begin();

  // Examines `length` bytes at `base + offset` and fills the row numbered `row` (below kBatchSize).
  // kVerdictReply: the reply stands where the message stood, and the row's kLength is the reply's. With a front that
  // knows the answer, or a guard that has one: kVerdictReply as well, the answer is in `exchange`, and the row is left
  // alone.
  layout::RowVerdict admit(uint8_t* base, uint32_t offset, uint32_t length, uint32_t row, Exchange* exchange);

 private:
  bool look_up(const uint8_t* message, const MessageView& view, const Guarded& guarded, Exchange* exchange);

  uint32_t* rows_;
  uint8_t* text_;
  uint32_t text_offset_;
  uint32_t text_used_ = 0;
  double* counters_;
  EdnsSettings edns_;
  std::shared_ptr<Guard> guard_;
  uint32_t now_ = 0;
};

}  // namespace multisocket

#endif  // MULTISOCKET_ADMISSION_H_
