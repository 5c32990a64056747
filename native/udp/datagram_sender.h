// Sends messages out of a slab, a batch at a time. Knows envelopes and system calls; nothing of DNS, of event loops or
// of JavaScript.
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
  // What became of the messages given to `send`. Each was either taken by the kernel (`sent`) or not (`failed`).
  struct Sent {
    unsigned sent = 0;
    unsigned failed = 0;
    unsigned retries = 0;    // times that the kernel had no room and was asked again
    unsigned segmented = 0;  // of those sent: the ones that left as part of a message to several
  };

  // `slab` has kSlabSize bytes and outlives the sender.
  explicit DatagramSender(uint8_t* slab);

  // Sends `count` messages, each an entry of the outbox (layout::OutboxWord), through `fd`. Waits a few milliseconds at
  // most where the kernel has no room. Those to one client leave in their order, and as one where the kernel can cut
  // (segments).
  Sent send(int fd, const uint32_t* entries, unsigned count);

 private:
  // Room for one in_pktinfo or in6_pktinfo, and for the size of segments.
  struct alignas(cmsghdr) Control {
    char bytes[CMSG_SPACE(sizeof(in6_pktinfo)) + kSegmentSizeSpace];
  };

  void send_batch(int fd, const uint32_t* entries, unsigned count, bool segmented, Sent* result);
  bool sort_by_client(const uint32_t* entries, unsigned count);
  unsigned prepare(const uint32_t* entries, unsigned first, unsigned count, bool segmented);
  bool extend(Datagram* datagram, const uint8_t* envelope, unsigned part);

  uint8_t* slab_;
  std::array<Datagram, layout::kBatchSize> datagrams_;
  std::array<iovec, layout::kBatchSize> parts_;
  std::array<Control, layout::kBatchSize> controls_;
  std::array<uint8_t, layout::kBatchSize> order_;  // in which the entries of a batch leave
  bool may_segment_ = true;                        // until the kernel has refused to
};

}  // namespace multisocket

#endif  // MULTISOCKET_DATAGRAM_SENDER_H_
