// A sender of datagrams. It takes messages from a slab, one batch at a time. It knows envelopes and system calls, but
// not DNS, event loops or JavaScript.
#ifndef MULTISOCKET_DATAGRAM_SENDER_H_
#define MULTISOCKET_DATAGRAM_SENDER_H_

#include <netinet/in.h>
#include <sys/uio.h>

#include <array>
#include <cstdint>

#include "message/layout.h"
#include "udp/datagram_io.h"

namespace multisocket {

class DatagramSender {
 public:
  // The result of `send`. The kernel took each message (`sent`) or did not (`failed`).
  struct Sent {
    unsigned sent = 0;
    unsigned failed = 0;
    unsigned retries = 0;    // attempts repeated because the kernel had no room
    unsigned segmented = 0;  // of those sent: sent together with others as one message
  };

  // `slab` has kSlabSize bytes and must outlive the sender.
  explicit DatagramSender(uint8_t* slab);

  // Sends `count` messages through `fd`. Each is an entry of the outbox (layout::OutboxWord). Waits at most a few
  // milliseconds if the kernel has no room. The messages to one client leave in their order. They leave as one message
  // if the kernel can cut it (segments).
  Sent send(int fd, const uint32_t* entries, unsigned count);

 private:
  // Room for one in_pktinfo or in6_pktinfo, and for the segment size.
  struct alignas(cmsghdr) Control {
    char bytes[CMSG_SPACE(sizeof(in6_pktinfo)) + kSegmentSizeSpace];
  };

  void send_batch(int fd, const uint32_t* entries, unsigned count, bool segmented, Sent* result);
  bool sort_by_client(const uint32_t* entries, unsigned count);
  unsigned prepare(const uint32_t* entries, unsigned first, unsigned count, bool segmented);

  uint8_t* slab_;
  std::array<Datagram, layout::kBatchSize> datagrams_;
  std::array<iovec, layout::kBatchSize> parts_;
  std::array<Control, layout::kBatchSize> controls_;
  std::array<uint8_t, layout::kBatchSize> order_;  // the order in which the entries of a batch leave
  bool may_segment_ = true;                        // until the kernel rejects segments
};

}  // namespace multisocket

#endif  // MULTISOCKET_DATAGRAM_SENDER_H_
