#include "udp/datagram_receiver.h"

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <ctime>

namespace multisocket {
namespace {

// Writes the queried address into the envelope: the reply must leave from it (RFC 2181 s.4).
void read_local_address(const msghdr& header, uint8_t* envelope) {
  for (cmsghdr* control = CMSG_FIRSTHDR(&header); control != nullptr;
       control = CMSG_NXTHDR(const_cast<msghdr*>(&header), control)) {
    uint8_t* address = envelope + layout::kEnvelopeLocalAddress;
    uint8_t* interface = envelope + layout::kEnvelopeLocalInterface;
    if (control->cmsg_level == IPPROTO_IP && control->cmsg_type == IP_PKTINFO) {
      in_pktinfo info;
      memcpy(&info, CMSG_DATA(control), sizeof info);
      // spec_dst and not addr: for a broadcast, it is our address that may be the source.
      memcpy(address, &info.ipi_spec_dst, 4);
      memset(interface, 0, 4);
      envelope[layout::kEnvelopeLocalFamily] = 4;
      return;
    }
    if (control->cmsg_level == IPPROTO_IPV6 && control->cmsg_type == IPV6_PKTINFO) {
      in6_pktinfo info;
      memcpy(&info, CMSG_DATA(control), sizeof info);
      if (IN6_IS_ADDR_MULTICAST(&info.ipi6_addr)) return;  // cannot be a source
      memcpy(address, &info.ipi6_addr, 16);
      // Only a link-local address needs its interface. For all others routing decides.
      const uint32_t index = IN6_IS_ADDR_LINKLOCAL(&info.ipi6_addr) ? info.ipi6_ifindex : 0;
      memcpy(interface, &index, 4);
      envelope[layout::kEnvelopeLocalFamily] = 6;
      return;
    }
  }
}

// Nanoseconds of the clock that the kernel uses for arrival times.
int64_t wall_clock() {
  timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return now.tv_sec * int64_t{1000000000} + now.tv_nsec;
}

// Returns when a datagram arrived, or `now` if the kernel does not say.
int64_t arrival(const msghdr& header, int64_t now) {
#ifdef SCM_TIMESTAMPNS
  for (cmsghdr* control = CMSG_FIRSTHDR(&header); control != nullptr;
       control = CMSG_NXTHDR(const_cast<msghdr*>(&header), control)) {
    if (control->cmsg_level != SOL_SOCKET || control->cmsg_type != SCM_TIMESTAMPNS) continue;
    timespec at;
    memcpy(&at, CMSG_DATA(control), sizeof at);
    return at.tv_sec * int64_t{1000000000} + at.tv_nsec;
  }
#else
  static_cast<void>(header);
#endif
  return now;
}

}  // namespace

DatagramReceiver::DatagramReceiver(uint8_t* slab) : slab_(slab) {
  for (unsigned i = 0; i < layout::kBatchSize; i++) {
    parts_[i] = {slab_ + message_offset(i), layout::kMaxDatagram};
    datagrams_[i].header = {};
    datagrams_[i].header.msg_name = slab_ + envelope_offset(i);
    datagrams_[i].header.msg_iov = &parts_[i];
    datagrams_[i].header.msg_iovlen = 1;
    // Only a socket bound to all addresses needs control messages for the queried address.
    datagrams_[i].header.msg_control = controls_[i].bytes;
    reset(i);
  }
}

int DatagramReceiver::note_arrivals(int fd) {
#ifdef SO_TIMESTAMPNS
  const int on = 1;
  return setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on);
#else
  static_cast<void>(fd);
  errno = ENOPROTOOPT;
  return -1;
#endif
}

unsigned DatagramReceiver::receive(int fd, uint32_t socket, bool wildcard, unsigned first) {
  int count;
  // An error of an earlier send (ICMP) may come before the datagrams. The kernel reports it once.
  for (int attempt = 0; attempt < 2; attempt++) {
    do {
      count = receive_datagrams(fd, &datagrams_[first], layout::kBatchSize - first);
    } while (count < 0 && errno == EINTR);
    if (count >= 0 || errno == EAGAIN || errno == EWOULDBLOCK) break;
  }
  if (count < 0) return 0;
  const int64_t now = max_delay_ == 0 ? 0 : wall_clock();
  for (unsigned i = first; i < first + count; i++) {
    read_envelope(i, socket, wildcard, now);
    reset(i);
  }
  return static_cast<unsigned>(count);
}

// Resets what the kernel overwrites when it fills a slot.
void DatagramReceiver::reset(unsigned slot) {
  msghdr& header = datagrams_[slot].header;
  header.msg_namelen = layout::kEnvelopeNameSize;
  header.msg_controllen = sizeof controls_[slot].bytes;
}

void DatagramReceiver::read_envelope(unsigned slot, uint32_t socket, bool wildcard, int64_t now) {
  uint8_t* envelope = slab_ + envelope_offset(slot);
  sa_family_t family;
  memcpy(&family, envelope + offsetof(sockaddr_in, sin_family), sizeof family);
  envelope[layout::kEnvelopeFamily] = family == AF_INET6 ? 6 : 4;
  layout::write_socket(envelope, socket);
  envelope[layout::kEnvelopeLocalFamily] = 0;
  if (wildcard) read_local_address(datagrams_[slot].header, envelope);
  envelope[layout::kEnvelopeStale] = now != 0 && now - arrival(datagrams_[slot].header, now) > max_delay_;
}

uint32_t DatagramReceiver::length(unsigned slot, double* counters) const {
  const Datagram& datagram = datagrams_[slot];
  const uint8_t* port = slab_ + envelope_offset(slot) + layout::kEnvelopeClientPort;
  if (datagram.header.msg_flags & MSG_TRUNC) {
    layout::count(counters + layout::kDroppedOversize);
    return 0;
  }
  if (port[0] == 0 && port[1] == 0) {  // port 0 cannot be reached
    layout::count(counters + layout::kDroppedPortZero);
    return 0;
  }
  if (slab_[envelope_offset(slot) + layout::kEnvelopeStale] != 0) {
    layout::count(counters + layout::kDroppedStale);
    return 0;
  }
  if (datagram.length == 0) layout::count(counters + layout::kDroppedShort);
  return datagram.length;
}

}  // namespace multisocket
