// The queries of all connections that go to JavaScript together, and the answers that native code has at once.
#ifndef MULTISOCKET_QUERY_BATCH_H_
#define MULTISOCKET_QUERY_BATCH_H_

#include <cstdint>
#include <memory>
#include <utility>

#include "message/admission.h"
#include "message/endpoint_memory.h"
#include "message/layout.h"
#include "tcp/connection.h"
#include "tcp/reply_segments.h"
#include "tcp/stream_io.h"

namespace multisocket {

class QueryBatch {
 public:
  // `memory`: of a TcpEndpoint.
  QueryBatch(const EndpointMemory& memory, StreamIo* io);

  void use(std::shared_ptr<Guard> guard) { admission_.use(std::move(guard)); }

  // Forgets the queries and the answers, which have been sent.
  void begin();
  // As Admission::section().
  ReadSection section() const { return admission_.section(); }
  uint32_t rows() const { return rows_used_; }
  // Whether there is room for one more message of this length, and for any answer.
  bool has_room(uint32_t length) const {
    return rows_used_ < layout::kBatchSize && answers_end_ + layout::kMaxFrame <= layout::kTcpReceiveOffset &&
           input_end_ + envelope_size_ + length <= layout::kTcpOutputOffset;
  }
  // Examines the message of `length` octets at `base + offset`, which it may overwrite. A query for the handler fills
  // the next row. An immediate reply is added to `segments`.
  layout::RowVerdict admit(const ReadSection& section, Connection* connection, uint8_t* base, uint32_t offset,
                           uint32_t length, ReplySegments* segments);

 private:
  QueryOrigin& origin_of(Connection* connection);
  void pack(Connection* connection, const uint8_t* message, uint32_t length);

  uint8_t* slab_;
  uint32_t* rows_;
  uint32_t envelope_size_;
  StreamIo* io_;
  Admission admission_;
  uint32_t rows_used_ = 0;
  uint32_t input_end_ = layout::kTcpInputOffset;
  uint32_t answers_end_ = layout::kTcpAnswersOffset;
};

}  // namespace multisocket

#endif  // MULTISOCKET_QUERY_BATCH_H_
