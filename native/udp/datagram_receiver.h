// Receives datagrams into the slots of a slab, a batch at a time. Knows envelopes and system calls; nothing of DNS, of
// event loops or of JavaScript.
#ifndef MULTISOCKET_DATAGRAM_RECEIVER_H_
#define MULTISOCKET_DATAGRAM_RECEIVER_H_

#include <netinet/in.h>
#include <sys/uio.h>

#include <array>
#include <cstdint>
#include <ctime>

#include "message/layout.h"
#include "udp/datagram_io.h"

namespace multisocket {

class DatagramReceiver {
 public:
  // `slab` has kSlabSize bytes and outlives the receiver.
  explicit DatagramReceiver(uint8_t* slab);

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

 private:
  // Room for one in_pktinfo or in6_pktinfo, and for the time of arrival.
  struct alignas(cmsghdr) Control {
    char bytes[CMSG_SPACE(sizeof(in6_pktinfo)) + CMSG_SPACE(sizeof(timespec))];
  };

  void read_envelope(unsigned slot, uint32_t socket, bool wildcard, int64_t now);
  void reset(unsigned slot);

  uint8_t* slab_;
  int64_t max_delay_ = 0;  // nanoseconds
  std::array<Datagram, layout::kBatchSize> datagrams_;
  std::array<iovec, layout::kBatchSize> parts_;
  std::array<Control, layout::kBatchSize> controls_;
};

}  // namespace multisocket

#endif  // MULTISOCKET_DATAGRAM_RECEIVER_H_
