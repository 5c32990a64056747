// Receives datagrams into the slots of a slab and sends messages out of it, a batch at a time. Knows envelopes and
// system calls; nothing of DNS, of event loops or of JavaScript.
#ifndef MULTISOCKET_DATAGRAM_BATCH_H_
#define MULTISOCKET_DATAGRAM_BATCH_H_

#include <netinet/in.h>
#include <sys/uio.h>

#include <array>
#include <cstdint>
#include <ctime>

#include "message/layout.h"
#include "udp/datagram_io.h"

namespace multisocket {

class DatagramBatch {
 public:
  // What became of the messages given to `send`. Each was either taken by the kernel (`sent`) or not (`failed`).
  struct Sent {
    unsigned sent = 0;
    unsigned failed = 0;
    unsigned retries = 0;    // times that the kernel had no room and was asked again
    unsigned segmented = 0;  // of those sent: the ones that left as part of a message to several
  };

  // `slab` has kSlabSize bytes and outlives the batch.
  explicit DatagramBatch(uint8_t* slab);

  // Receives from `fd` into the slots from `first` on, at most up to the last. Returns how many; fewer than there was
  // room for means that nothing more waits. `wildcard`: the socket is bound to all addresses and tells the one queried.
  unsigned receive(int fd, uint32_t socket, bool wildcard, unsigned first);

  // Datagrams that have waited in the kernel for longer are of no use any more; 0: all are. Takes effect on sockets
  // that note_arrivals was called for.
  void drop_older_than(uint32_t milliseconds) { max_delay_ = milliseconds * int64_t{1000000}; }
  // Has the kernel tell when each datagram arrived. Returns 0 or -1 with errno.
  static int note_arrivals(int fd);

  // The length of the message in a slot; 0 where it was longer than a slot, too old or from port 0, with the reason
  // counted in `counters` (a worker's row).
  uint32_t length(unsigned slot, double* counters) const;

  static uint32_t envelope_offset(unsigned slot) { return slot * layout::kSlotStride; }
  static uint32_t message_offset(unsigned slot) { return envelope_offset(slot) + layout::kEnvelopeSize; }

  // Sends `count` messages, each an entry of the outbox (layout::OutboxWord), through `fd`. Waits a few milliseconds at
  // most where the kernel has no room. Those to one client leave in their order, and as one where the kernel can cut
  // (segments).
  Sent send(int fd, const uint32_t* entries, unsigned count);

 private:
  // Room for one in_pktinfo or in6_pktinfo, and for the size of segments.
  struct alignas(cmsghdr) Control {
    char bytes[CMSG_SPACE(sizeof(in6_pktinfo)) + CMSG_SPACE(sizeof(timespec)) + kSegmentSizeSpace];
  };

  void read_envelope(unsigned slot, uint32_t socket, bool wildcard, int64_t now);

  int64_t max_delay_ = 0;  // nanoseconds
  void reset(unsigned slot);
  void send_batch(int fd, const uint32_t* entries, unsigned count, bool segmented, Sent* result);
  bool sort_by_client(const uint32_t* entries, unsigned count);
  unsigned prepare(const uint32_t* entries, unsigned first, unsigned count, bool segmented);
  bool extend(Datagram* datagram, const uint8_t* envelope, unsigned part);

  uint8_t* slab_;
  std::array<Datagram, layout::kBatchSize> received_;
  std::array<iovec, layout::kBatchSize> received_parts_;
  std::array<Control, layout::kBatchSize> received_controls_;
  std::array<Datagram, layout::kBatchSize> sending_;
  std::array<iovec, layout::kBatchSize> sending_parts_;
  std::array<Control, layout::kBatchSize> sending_controls_;
  std::array<uint8_t, layout::kBatchSize> order_;  // in which the entries of a batch leave
  bool may_segment_ = true;                        // until the kernel has refused to
};

}  // namespace multisocket

#endif  // MULTISOCKET_DATAGRAM_BATCH_H_
