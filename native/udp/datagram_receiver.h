// A receiver of datagrams. It fills the slots of a slab, one batch at a time. It knows envelopes and system calls, but
// not DNS, event loops or JavaScript.
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
  // `slab` has kSlabSize bytes and must outlive the receiver.
  explicit DatagramReceiver(uint8_t* slab);

  // Receives from `fd` into the slots from `first` to the last. Returns the number of datagrams. If that is less than
  // the number of slots, no more datagrams wait. `wildcard`: the socket is bound to all addresses and reports the
  // queried one.
  unsigned receive(int fd, uint32_t socket, bool wildcard, unsigned first);

  // Drops datagrams that waited in the kernel for longer; 0: none. It affects sockets for which note_arrivals was
  // called.
  void drop_older_than(uint32_t milliseconds) { max_delay_ = milliseconds * int64_t{1000000}; }
  // Makes the kernel report the arrival time of each datagram. Returns 0 or -1 with errno.
  static int note_arrivals(int fd);

  // Returns the length of the message in a slot. Returns 0 if it was longer than a slot, too old or from port 0, and
  // counts the reason in `counters` (a worker's row).
  uint32_t length(unsigned slot, double* counters) const;

  static uint32_t envelope_offset(unsigned slot) { return slot * layout::kSlotStride; }
  static uint32_t message_offset(unsigned slot) { return envelope_offset(slot) + layout::kEnvelopeSize; }

 private:
  // Room for one in_pktinfo or in6_pktinfo, and for the arrival time.
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
