#include "tcp/query_batch.h"

#include <cstring>

#include "message/proxied_envelope.h"
#include "message/wire.h"

namespace multisocket {
namespace {

constexpr uint32_t kPrefix = 2;

}  // namespace

QueryBatch::QueryBatch(const EndpointMemory& memory, StreamIo* io)
    : slab_(memory.slab),
      rows_(memory.queries),
      envelope_size_(memory.envelope_size),
      io_(io),
      admission_(memory.queries, memory.slab, 0, memory.counters + memory.worker_row, memory.edns) {}

void QueryBatch::begin() {
  admission_.begin();
  rows_used_ = 0;
  input_end_ = layout::kTcpInputOffset;
  answers_end_ = layout::kTcpAnswersOffset;
}

layout::RowVerdict QueryBatch::admit(const ReadSection& section, Connection* connection, uint8_t* base, uint32_t offset,
                                     uint32_t length, ReplySegments* segments) {
  const AnswerFront* front = connection->listener->front.get();
  uint8_t* answer = slab_ + answers_end_;
  Admission::Exchange exchange = {front, {}, answer + kPrefix, layout::kMaxFrame - kPrefix};
  const bool needs_addresses = admission_.guard() != nullptr || (front != nullptr && front->needs_addresses());
  exchange.origin = QueryOrigin::of((needs_addresses ? origin_of(connection) : connection->origin).bytes());
  const layout::RowVerdict verdict = admission_.admit(section, base, offset, length, rows_used_, &exchange);
  if (verdict == layout::kVerdictQuery) {
    pack(connection, base + offset, length);
  } else if (verdict == layout::kVerdictReply) {
    auto size = static_cast<uint32_t>(exchange.length);
    if (size == 0) {
      size = rows_[rows_used_ * layout::kQueryWords + layout::kLength];
      memcpy(answer + kPrefix, base + offset, size);
    }
    write16(answer, size);
    segments->add(connection, answer, kPrefix + size);
    answers_end_ += kPrefix + size;
  }
  return verdict;
}

// Asks the kernel for the local address, which a socket that is bound to all addresses does not know.
QueryOrigin& QueryBatch::origin_of(Connection* connection) {
  if (!connection->has_local) {
    connection->has_local = true;
    io_->read_local(connection->descriptor, &connection->origin);
  }
  connection->origin.set_client_port(htons(connection->client_port));
  return connection->origin;
}

// Copies a query after its envelope to where JavaScript reads it, and completes its row.
void QueryBatch::pack(Connection* connection, const uint8_t* message, uint32_t length) {
  const uint8_t* origin = origin_of(connection).bytes();
  const bool proxied = connection->proxied;
  uint8_t* envelope = slab_ + input_end_;
  memset(envelope, 0, envelope_size_);
  envelope[layout::kEnvelopeFamily] = 6;
  write16(envelope + layout::kEnvelopeClientPort, proxied ? connection->proxy_port : connection->client_port);
  memcpy(envelope + layout::kEnvelopeClientAddress6, proxied ? connection->proxy : origin, kAddressSize);
  envelope[layout::kEnvelopeLocalFamily] = connection->listener->wildcard ? 6 : 0;
  memcpy(envelope + layout::kEnvelopeLocalAddress, origin + kAddressSize, kAddressSize);
  layout::write_socket(envelope, connection->listener->number);
  layout::write_number(envelope + layout::kEnvelopeConnection, connection->slot);
  if (proxied) write_ends(envelope, origin, connection->client_port);
  memcpy(envelope + envelope_size_, message, length);
  rows_[rows_used_ * layout::kQueryWords + layout::kOffset] = input_end_ + envelope_size_;
  input_end_ += envelope_size_ + length;
  rows_used_++;
}

}  // namespace multisocket
