#include "datagram_batch.h"

#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>

namespace multisocket {
namespace {

// How often, a millisecond each, a full send buffer is waited for before what is left counts as failed.
constexpr unsigned kMaxSendWaits = 10;

uint8_t* local_family(uint8_t* envelope) { return envelope + layout::kEnvelopeLocalFamily; }

// Notes in the envelope which of our addresses was queried: the reply must leave from there (RFC 2181 s.4).
void read_local_address(const msghdr& header, uint8_t* envelope) {
  for (cmsghdr* control = CMSG_FIRSTHDR(&header); control != nullptr;
       control = CMSG_NXTHDR(const_cast<msghdr*>(&header), control)) {
    uint8_t* address = envelope + layout::kEnvelopeLocalAddress;
    uint8_t* interface = envelope + layout::kEnvelopeLocalInterface;
    if (control->cmsg_level == IPPROTO_IP && control->cmsg_type == IP_PKTINFO) {
      in_pktinfo info;
      memcpy(&info, CMSG_DATA(control), sizeof info);
      // spec_dst and not addr: for a broadcast it is the address of ours that may be a source.
      memcpy(address, &info.ipi_spec_dst, 4);
      memset(interface, 0, 4);
      *local_family(envelope) = 4;
      return;
    }
    if (control->cmsg_level == IPPROTO_IPV6 && control->cmsg_type == IPV6_PKTINFO) {
      in6_pktinfo info;
      memcpy(&info, CMSG_DATA(control), sizeof info);
      if (IN6_IS_ADDR_MULTICAST(&info.ipi6_addr)) return;  // cannot be a source
      memcpy(address, &info.ipi6_addr, 16);
      // Only a link-local address means nothing without its interface; elsewhere routing decides.
      const uint32_t index = IN6_IS_ADDR_LINKLOCAL(&info.ipi6_addr) ? info.ipi6_ifindex : 0;
      memcpy(interface, &index, 4);
      *local_family(envelope) = 6;
      return;
    }
  }
}

size_t write_local_address(const uint8_t* envelope, cmsghdr* control) {
  const uint8_t* address = envelope + layout::kEnvelopeLocalAddress;
  if (envelope[layout::kEnvelopeLocalFamily] == 4) {
    in_pktinfo info{};
    memcpy(&info.ipi_spec_dst, address, 4);
    control->cmsg_level = IPPROTO_IP;
    control->cmsg_type = IP_PKTINFO;
    control->cmsg_len = CMSG_LEN(sizeof info);
    memcpy(CMSG_DATA(control), &info, sizeof info);
    return CMSG_SPACE(sizeof info);
  }
  in6_pktinfo info{};
  memcpy(&info.ipi6_addr, address, 16);
  uint32_t index;
  memcpy(&index, envelope + layout::kEnvelopeLocalInterface, 4);
  info.ipi6_ifindex = index;
  control->cmsg_level = IPPROTO_IPV6;
  control->cmsg_type = IPV6_PKTINFO;
  control->cmsg_len = CMSG_LEN(sizeof info);
  memcpy(CMSG_DATA(control), &info, sizeof info);
  return CMSG_SPACE(sizeof info);
}

bool no_room(int error) { return error == EAGAIN || error == EWOULDBLOCK || error == ENOBUFS || error == ENOMEM; }

}  // namespace

DatagramBatch::DatagramBatch(uint8_t* slab) : slab_(slab) {
  for (unsigned i = 0; i < layout::kBatchSize; i++) {
    received_parts_[i] = {slab_ + message_offset(i), layout::kMaxDatagram};
    received_[i].header = {};
    received_[i].header.msg_name = slab_ + envelope_offset(i);
    received_[i].header.msg_iov = &received_parts_[i];
    received_[i].header.msg_iovlen = 1;
    sending_[i].header = {};
    sending_[i].header.msg_iov = &sending_parts_[i];
    sending_[i].header.msg_iovlen = 1;
  }
}

unsigned DatagramBatch::receive(int fd, uint32_t socket, bool wildcard, unsigned first) {
  // Only what the kernel overwrites is set again, and only in the slots that are offered.
  for (unsigned i = first; i < layout::kBatchSize; i++) {
    msghdr& header = received_[i].header;
    header.msg_namelen = layout::kEnvelopeNameSize;
    header.msg_control = wildcard ? received_controls_[i].bytes : nullptr;
    header.msg_controllen = wildcard ? sizeof(Control) : 0;
  }
  int count;
  // An error of an earlier send (ICMP) may stand before the datagrams: it is reported once, then they come.
  for (int attempt = 0; attempt < 2; attempt++) {
    do {
      count = receive_datagrams(fd, &received_[first], layout::kBatchSize - first);
    } while (count < 0 && errno == EINTR);
    if (count >= 0 || errno == EAGAIN || errno == EWOULDBLOCK) break;
  }
  if (count < 0) return 0;
  for (unsigned i = first; i < first + count; i++) read_envelope(i, socket, wildcard);
  return static_cast<unsigned>(count);
}

void DatagramBatch::read_envelope(unsigned slot, uint32_t socket, bool wildcard) {
  uint8_t* envelope = slab_ + envelope_offset(slot);
  sa_family_t family;
  memcpy(&family, envelope + offsetof(sockaddr_in, sin_family), sizeof family);
  envelope[layout::kEnvelopeFamily] = family == AF_INET6 ? 6 : 4;
  layout::write_socket(envelope, socket);
  *local_family(envelope) = 0;
  if (wildcard) read_local_address(received_[slot].header, envelope);
}

uint32_t DatagramBatch::length(unsigned slot, double* counters) const {
  const Datagram& datagram = received_[slot];
  const uint8_t* port = slab_ + envelope_offset(slot) + layout::kEnvelopeClientPort;
  if (datagram.header.msg_flags & MSG_TRUNC) {
    layout::count(counters + layout::kDroppedOversize);
    return 0;
  }
  if (port[0] == 0 && port[1] == 0) {  // nobody can be reached there
    layout::count(counters + layout::kDroppedPortZero);
    return 0;
  }
  if (datagram.length == 0) layout::count(counters + layout::kDroppedShort);
  return datagram.length;
}

void DatagramBatch::prepare_send(unsigned index, const uint32_t* entry) {
  uint8_t* envelope = slab_ + entry[0];
  msghdr& header = sending_[index].header;
  header.msg_name = envelope;
  header.msg_namelen = envelope[layout::kEnvelopeFamily] == 6 ? sizeof(sockaddr_in6) : sizeof(sockaddr_in);
  sending_parts_[index] = {slab_ + entry[1], entry[2]};
  header.msg_control = nullptr;
  header.msg_controllen = 0;
  if (*local_family(envelope) != 0) {
    header.msg_control = sending_controls_[index].bytes;
    header.msg_controllen = write_local_address(envelope, reinterpret_cast<cmsghdr*>(sending_controls_[index].bytes));
  }
}

DatagramBatch::Sent DatagramBatch::send(int fd, const uint32_t* entries, unsigned count) {
  Sent result;
  unsigned waits = 0;
  while (count > 0) {
    const unsigned now = std::min(count, layout::kBatchSize);
    for (unsigned i = 0; i < now; i++) prepare_send(i, entries + i * layout::kOutboxEntryWords);
    unsigned done = 0;
    bool asked_again = false;
    while (done < now) {
      const int taken = send_datagrams(fd, &sending_[done], now - done);
      if (taken > 0) {
        done += taken;
        result.sent += taken;
        asked_again = false;
        continue;
      }
      if (errno == EINTR) continue;
      if (no_room(errno) && waits < kMaxSendWaits) {
        pollfd writable = {fd, POLLOUT, 0};
        // With ENOBUFS the socket itself stays writable, so that poll would not wait: then only time passes.
        poll(&writable, errno == EAGAIN ? 1 : 0, 1);
        waits++;
        result.retries++;
        continue;
      }
      // An error of an earlier datagram is reported on this one, once.
      if (!no_room(errno) && !asked_again) {
        asked_again = true;
        continue;
      }
      asked_again = false;
      done++;
      result.failed++;
    }
    entries += now * layout::kOutboxEntryWords;
    count -= now;
  }
  return result;
}

}  // namespace multisocket
