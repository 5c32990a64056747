#include "udp/datagram_batch.h"

#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <ctime>
#include <numeric>

namespace multisocket {
namespace {

// How often, a millisecond each, a full send buffer is waited for before what is left counts as failed.
constexpr unsigned kMaxSendWaits = 10;

// The kernel refuses segments that do not fit into the path's MTU, where it would fragment a plain datagram. What fits
// every path that carries IPv6 (RFC 8200 s.5: 1,280 bytes) is also what a reply has at most by default.
constexpr size_t kMaxSegment = 1280 - 40 - 8;

// The longest payload of UDP over IPv4, which segments have to fit into together.
constexpr size_t kMaxMessage = 65535 - 20 - 8;

// The kernel takes 64 segments or more in a message (UDP_MAX_SEGMENTS).
static_assert(layout::kBatchSize <= 64, "a batch's entries fit into one message");

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

// Nanoseconds of the clock by which the kernel notes arrivals.
int64_t wall_clock() {
  timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return now.tv_sec * int64_t{1000000000} + now.tv_nsec;
}

// When a datagram arrived; `now` where the kernel does not say.
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

// Whether two messages go to one client and from one address of ours.
bool same_path(const uint8_t* a, const uint8_t* b) {
  // Family, port and an IPv4 address; behind them a sockaddr_in has padding that says nothing.
  if (memcmp(a, b, 8) != 0) return false;
  if (a[layout::kEnvelopeFamily] == 6 && memcmp(a, b, sizeof(sockaddr_in6)) != 0) return false;
  const uint8_t local = a[layout::kEnvelopeLocalFamily];
  if (local != b[layout::kEnvelopeLocalFamily]) return false;
  if (local == 0) return true;
  const auto same = [&](uint32_t offset, size_t size) { return memcmp(a + offset, b + offset, size) == 0; };
  return same(layout::kEnvelopeLocalAddress, local == 6 ? 16 : 4) && same(layout::kEnvelopeLocalInterface, 4);
}

bool no_room(int error) { return error == EAGAIN || error == EWOULDBLOCK || error == ENOBUFS || error == ENOMEM; }

// Linux's words for: this device or path takes no segments, or none of that size.
bool no_segments(int error) { return error == EINVAL || error == EIO || error == EMSGSIZE; }

}  // namespace

DatagramBatch::DatagramBatch(uint8_t* slab) : slab_(slab) {
  for (unsigned i = 0; i < layout::kBatchSize; i++) {
    received_parts_[i] = {slab_ + message_offset(i), layout::kMaxDatagram};
    received_[i].header = {};
    received_[i].header.msg_name = slab_ + envelope_offset(i);
    received_[i].header.msg_iov = &received_parts_[i];
    received_[i].header.msg_iovlen = 1;
    // Only a socket bound to all addresses has something to say there.
    received_[i].header.msg_control = received_controls_[i].bytes;
    reset(i);
    sending_[i].header = {};
  }
}

int DatagramBatch::note_arrivals(int fd) {
#ifdef SO_TIMESTAMPNS
  const int on = 1;
  return setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on);
#else
  static_cast<void>(fd);
  errno = ENOPROTOOPT;
  return -1;
#endif
}

unsigned DatagramBatch::receive(int fd, uint32_t socket, bool wildcard, unsigned first) {
  int count;
  // An error of an earlier send (ICMP) may stand before the datagrams: it is reported once, then they come.
  for (int attempt = 0; attempt < 2; attempt++) {
    do {
      count = receive_datagrams(fd, &received_[first], layout::kBatchSize - first);
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

// Sets again what the kernel overwrites when it fills a slot.
void DatagramBatch::reset(unsigned slot) {
  msghdr& header = received_[slot].header;
  header.msg_namelen = layout::kEnvelopeNameSize;
  header.msg_controllen = sizeof received_controls_[slot].bytes;
}

void DatagramBatch::read_envelope(unsigned slot, uint32_t socket, bool wildcard, int64_t now) {
  uint8_t* envelope = slab_ + envelope_offset(slot);
  sa_family_t family;
  memcpy(&family, envelope + offsetof(sockaddr_in, sin_family), sizeof family);
  envelope[layout::kEnvelopeFamily] = family == AF_INET6 ? 6 : 4;
  layout::write_socket(envelope, socket);
  *local_family(envelope) = 0;
  if (wildcard) read_local_address(received_[slot].header, envelope);
  envelope[layout::kEnvelopeStale] = now != 0 && now - arrival(received_[slot].header, now) > max_delay_;
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
  if (slab_[envelope_offset(slot) + layout::kEnvelopeStale] != 0) {
    layout::count(counters + layout::kDroppedStale);
    return 0;
  }
  if (datagram.length == 0) layout::count(counters + layout::kDroppedShort);
  return datagram.length;
}

// Puts the entries of each client side by side; among themselves they keep their order. Returns whether there are fewer
// clients than entries.
bool DatagramBatch::sort_by_client(const uint32_t* entries, unsigned count) {
  constexpr uint8_t kNone = layout::kBatchSize;
  std::array<uint8_t, layout::kBatchSize> next;  // of the same client
  std::array<uint8_t, 2 * layout::kBatchSize> latest;
  std::array<uint8_t, layout::kBatchSize> firsts;
  unsigned clients = 0;
  latest.fill(kNone);
  for (unsigned i = 0; i < count; i++) {
    const uint8_t* envelope = slab_ + entries[i * layout::kOutboxEntryWords + layout::kOutEnvelope];
    const uint8_t* port = envelope + layout::kEnvelopeClientPort;
    // Clients that meet here displace each other, which costs them a message in common but never their order.
    uint8_t& place = latest[(port[0] * 31 + port[1]) % latest.size()];
    if (place != kNone &&
        same_path(envelope, slab_ + entries[place * layout::kOutboxEntryWords + layout::kOutEnvelope])) {
      next[place] = static_cast<uint8_t>(i);
    } else {
      firsts[clients++] = static_cast<uint8_t>(i);
    }
    place = static_cast<uint8_t>(i);
    next[i] = kNone;
  }
  unsigned placed = 0;
  for (unsigned client = 0; client < clients; client++) {
    for (uint8_t i = firsts[client]; i != kNone; i = next[i]) order_[placed++] = i;
  }
  return clients < count;
}

// Lets an entry, of which `part` is the message, leave together with those before it; returns whether it can.
bool DatagramBatch::extend(Datagram* datagram, const uint8_t* envelope, unsigned part) {
  msghdr& header = datagram->header;
  if (!same_path(static_cast<const uint8_t*>(header.msg_name), envelope)) return false;
  const size_t size = header.msg_iov->iov_len;
  const size_t length = sending_parts_[part].iov_len;
  const bool ended = sending_parts_[part - 1].iov_len < size;
  if (ended || length > size || size > kMaxSegment || header.msg_iovlen * size + length > kMaxMessage) return false;
  if (header.msg_iovlen++ == 1) {
    auto* controls = sending_controls_[datagram - sending_.data()].bytes;
    header.msg_control = controls;
    header.msg_controllen +=
        write_segment_size(static_cast<uint16_t>(size), reinterpret_cast<cmsghdr*>(controls + header.msg_controllen));
  }
  return true;
}

// Makes messages of the entries from `first` of the order on; returns how many.
unsigned DatagramBatch::prepare(const uint32_t* entries, unsigned first, unsigned count, bool segmented) {
  unsigned messages = 0;
  for (unsigned i = first; i < count; i++) {
    const uint32_t* entry = entries + order_[i] * layout::kOutboxEntryWords;
    uint8_t* envelope = slab_ + entry[layout::kOutEnvelope];
    sending_parts_[i] = {slab_ + entry[layout::kOutMessage], entry[layout::kOutLength]};
    if (segmented && messages > 0 && extend(&sending_[messages - 1], envelope, i)) continue;
    msghdr& header = sending_[messages].header;
    header.msg_name = envelope;
    header.msg_namelen = envelope[layout::kEnvelopeFamily] == 6 ? sizeof(sockaddr_in6) : sizeof(sockaddr_in);
    header.msg_iov = &sending_parts_[i];
    header.msg_iovlen = 1;
    header.msg_control = nullptr;
    header.msg_controllen = 0;
    if (*local_family(envelope) != 0) {
      header.msg_control = sending_controls_[messages].bytes;
      header.msg_controllen = write_local_address(envelope, static_cast<cmsghdr*>(header.msg_control));
    }
    messages++;
  }
  return messages;
}

DatagramBatch::Sent DatagramBatch::send(int fd, const uint32_t* entries, unsigned count) {
  static const bool kernel_segments = can_segment(fd);
  Sent result;
  for (unsigned first = 0; first < count; first += layout::kBatchSize) {
    const unsigned now = std::min(count - first, layout::kBatchSize);
    send_batch(fd, entries + first * layout::kOutboxEntryWords, now, kernel_segments && may_segment_ && now > 1,
               &result);
  }
  return result;
}

void DatagramBatch::send_batch(int fd, const uint32_t* entries, unsigned count, bool segmented, Sent* result) {
  if (segmented) {
    segmented = sort_by_client(entries, count);
  } else {
    std::iota(order_.begin(), order_.begin() + count, uint8_t{0});
  }
  unsigned messages = prepare(entries, 0, count, segmented);
  unsigned done = 0;   // of the messages
  unsigned entry = 0;  // of the order: the first that the message `done` has
  bool asked_again = false;
  while (done < messages) {
    const int taken = send_datagrams(fd, &sending_[done], messages - done);
    if (taken > 0) {
      for (const unsigned end = done + taken; done < end; done++) {
        const auto pieces = static_cast<unsigned>(sending_[done].header.msg_iovlen);
        entry += pieces;
        result->sent += pieces;
        if (pieces > 1) result->segmented += pieces;
      }
      asked_again = false;
      continue;
    }
    if (errno == EINTR) continue;
    if (no_room(errno) && result->retries < kMaxSendWaits) {
      // With ENOBUFS the socket itself stays writable, so that poll would not wait: then only time passes.
      const bool full = errno == EAGAIN;
      pollfd writable = {fd, POLLOUT, 0};
      poll(&writable, full ? 1 : 0, 1);
      result->retries++;
      continue;
    }
    // An error of an earlier datagram is reported on this one, once.
    if (!no_room(errno) && !asked_again) {
      asked_again = true;
      continue;
    }
    asked_again = false;
    if (sending_[done].header.msg_iovlen > 1) {
      // Plainly then, and the rest of the batch as well.
      if (no_segments(errno)) may_segment_ = false;
      messages = prepare(entries, entry, count, false);
      done = 0;
      continue;
    }
    done++;
    entry++;
    result->failed++;
  }
}

}  // namespace multisocket
