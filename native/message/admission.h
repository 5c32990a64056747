// The decision on each message of a batch, for all transports: a row for a handler, an immediate reply, or nothing.
#ifndef MULTISOCKET_ADMISSION_H_
#define MULTISOCKET_ADMISSION_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include "cache/answer_front.h"
#include "cache/epochs.h"
#include "guard/client_options.h"
#include "guard/guard.h"
#include "message/layout.h"

namespace multisocket {

class Admission {
 public:
  // The client, the zones and caches that may have an answer, and the place for an immediate reply.
  struct Exchange {
    const AnswerFront* front;  // null: no zones and no caches
    Origin origin;
    uint8_t* out;
    size_t capacity;
    size_t length = 0;       // of the answer that was written; 0: none
    size_t opt = 0;          // offset of its OPT; 0: it has no OPT
    bool unlimited = false;  // the reply is not charged
    bool cached = false;     // the answer is from a cache
  };

  // `rows`: kBatchSize rows of kQueryWords. `text`: kTextSize bytes; the rows call its first byte `text_offset`.
  // `counters`: a worker's row. All of them, and the data that `edns` points to, must outlive this object.
  Admission(uint32_t* rows, uint8_t* text, uint32_t text_offset, double* counters, const EdnsSettings& edns)
      : rows_(rows), text_(text), text_offset_(text_offset), counters_(counters), edns_(edns) {}

  // Lets `guard` check each message first.
  void use(std::shared_ptr<Guard> guard) { guard_ = std::move(guard); }
  Guard* guard() const { return guard_.get(); }

  // Forgets the last batch and reads the clock.
  void begin();
  // The answers of the caches stay where they are as long as this exists. It lasts while messages are admitted, and
  // neither while the thread sleeps nor while it runs JavaScript.
  ReadSection section() const { return ReadSection(reader_); }

  // Examines `length` bytes at `base + offset` and fills row number `row` (below kBatchSize). If it returns
  // kVerdictReply and `exchange->length` is 0, the reply has overwritten the message and kLength of the row is the
  // length of the reply. If a zone, a cache or the guard has an answer, it returns kVerdictReply too; the answer is
  // then in `exchange`, and the row is unchanged.
  layout::RowVerdict admit(const ReadSection& section, uint8_t* base, uint32_t offset, uint32_t length, uint32_t row,
                           Exchange* exchange);

 private:
  bool ask_zones(const uint8_t* message, const MessageView& view, size_t limit, const Guarded& guarded,
                 Exchange* exchange);
  bool ask_caches(const ReadSection& section, const uint8_t* message, const MessageView& view, size_t limit,
                  const Guarded& guarded, Exchange* exchange);
  bool look_up(const ReadSection& section, const uint8_t* message, const MessageView& view, const Guarded& guarded,
               Exchange* exchange);

  bool look_up_logged(const ReadSection& section, const uint8_t* message, uint32_t length, const MessageView& view,
                      const Guarded& guarded, uint32_t* words, Exchange* exchange);

  uint32_t* rows_;
  uint8_t* text_;
  uint32_t text_offset_;
  uint32_t text_used_ = 0;
  double* counters_;
  EdnsSettings edns_;
  std::shared_ptr<Guard> guard_;
  EpochReader reader_;
  uint32_t now_ = 0;
};

}  // namespace multisocket

#endif  // MULTISOCKET_ADMISSION_H_
