// A sender of queries to upstreams. It takes the queries of a batch from a slab and sends them through a connected
// socket with one system call. Queries of one length leave as one message if the kernel can cut it (segments).
#ifndef MULTISOCKET_QUERY_SENDER_H_
#define MULTISOCKET_QUERY_SENDER_H_

#include <sys/uio.h>

#include <array>
#include <cstdint>

#include "message/layout.h"
#include "udp/datagram_io.h"

namespace multisocket {

class QuerySender {
 public:
  struct Sent {
    unsigned unsent = 0;
    int error = 0;  // an errno: the ICMP error of an earlier query
  };

  explicit QuerySender(uint8_t* slab) : slab_(slab) {}

  // Sends at most kBatchSize entries of the outbox (layout::ClientOutboxWord), in any order, and sorts them. The
  // kAskError of an entry is then 0, or why it was not sent. Does not wait for room.
  Sent send(int fd, uint32_t** entries, unsigned count);

 private:
  // Room for the segment size.
  struct alignas(cmsghdr) Control {
    char bytes[kSegmentSizeSpace];
  };

  unsigned prepare(unsigned first, unsigned count, bool segmented);
  unsigned pieces(unsigned message) const;

  uint8_t* slab_;
  std::array<Datagram, layout::kBatchSize> messages_;
  std::array<iovec, layout::kBatchSize> parts_;
  std::array<Control, layout::kBatchSize> controls_;
  bool may_segment_ = true;  // until the kernel rejects segments
};

}  // namespace multisocket

#endif  // MULTISOCKET_QUERY_SENDER_H_
