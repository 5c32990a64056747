#include "udp/datagram_sender.h"

#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <numeric>

#include "udp/segments.h"

namespace multisocket {
namespace {

// The number of waits, of one millisecond each, for a full send buffer. After them the remaining messages have failed.
constexpr unsigned kMaxSendWaits = 10;

// The kernel accepts at least 64 segments in a message (UDP_MAX_SEGMENTS).
static_assert(layout::kBatchSize <= 64, "a batch's entries fit into one message");

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

// Returns whether two messages have the same client and the same local address.
bool same_path(const uint8_t* a, const uint8_t* b) {
  // Family, port and an IPv4 address. The rest of a sockaddr_in is padding.
  if (memcmp(a, b, 8) != 0) return false;
  if (a[layout::kEnvelopeFamily] == 6 && memcmp(a, b, sizeof(sockaddr_in6)) != 0) return false;
  const uint8_t local = a[layout::kEnvelopeLocalFamily];
  if (local != b[layout::kEnvelopeLocalFamily]) return false;
  if (local == 0) return true;
  const auto same = [&](uint32_t offset, size_t size) { return memcmp(a + offset, b + offset, size) == 0; };
  return same(layout::kEnvelopeLocalAddress, local == 6 ? 16 : 4) && same(layout::kEnvelopeLocalInterface, 4);
}

}  // namespace

DatagramSender::DatagramSender(uint8_t* slab) : slab_(slab) {
  for (Datagram& datagram : datagrams_) datagram.header = {};
}

// Puts the entries of each client side by side and keeps their order. Returns whether there are fewer clients than
// entries.
bool DatagramSender::sort_by_client(const uint32_t* entries, unsigned count) {
  constexpr uint8_t kNone = layout::kBatchSize;
  std::array<uint8_t, layout::kBatchSize> next;  // the next entry of the same client
  std::array<uint8_t, 2 * layout::kBatchSize> latest;
  std::array<uint8_t, layout::kBatchSize> firsts;
  unsigned clients = 0;
  latest.fill(kNone);
  for (unsigned i = 0; i < count; i++) {
    const uint8_t* envelope = slab_ + entries[i * layout::kOutboxEntryWords + layout::kOutEnvelope];
    const uint8_t* port = envelope + layout::kEnvelopeClientPort;
    // Clients that collide here replace each other. They may then send more messages, but their order is kept.
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

// Makes messages of the entries from position `first` of the order. Returns the number of messages.
unsigned DatagramSender::prepare(const uint32_t* entries, unsigned first, unsigned count, bool segmented) {
  unsigned messages = 0;
  for (unsigned i = first; i < count; i++) {
    const uint32_t* entry = entries + order_[i] * layout::kOutboxEntryWords;
    uint8_t* envelope = slab_ + entry[layout::kOutEnvelope];
    parts_[i] = {slab_ + entry[layout::kOutMessage], entry[layout::kOutLength]};
    if (segmented && messages > 0) {
      msghdr& before = datagrams_[messages - 1].header;
      const bool same = same_path(static_cast<const uint8_t*>(before.msg_name), envelope);
      if (same && add_segment(&before, controls_[messages - 1].bytes)) continue;
    }
    msghdr& header = datagrams_[messages].header;
    header.msg_name = envelope;
    header.msg_namelen = envelope[layout::kEnvelopeFamily] == 6 ? sizeof(sockaddr_in6) : sizeof(sockaddr_in);
    header.msg_iov = &parts_[i];
    header.msg_iovlen = 1;
    header.msg_control = nullptr;
    header.msg_controllen = 0;
    if (envelope[layout::kEnvelopeLocalFamily] != 0) {
      header.msg_control = controls_[messages].bytes;
      header.msg_controllen = write_local_address(envelope, static_cast<cmsghdr*>(header.msg_control));
    }
    messages++;
  }
  return messages;
}

DatagramSender::Sent DatagramSender::send(int fd, const uint32_t* entries, unsigned count) {
  static const bool kernel_segments = can_segment(fd);
  Sent result;
  for (unsigned first = 0; first < count; first += layout::kBatchSize) {
    const unsigned now = std::min(count - first, layout::kBatchSize);
    send_batch(fd, entries + first * layout::kOutboxEntryWords, now, kernel_segments && may_segment_ && now > 1,
               &result);
  }
  return result;
}

void DatagramSender::send_batch(int fd, const uint32_t* entries, unsigned count, bool segmented, Sent* result) {
  if (segmented) {
    segmented = sort_by_client(entries, count);
  } else {
    std::iota(order_.begin(), order_.begin() + count, uint8_t{0});
  }
  unsigned messages = prepare(entries, 0, count, segmented);
  unsigned done = 0;   // messages
  unsigned entry = 0;  // position in the order of the first entry of message `done`
  bool asked_again = false;
  while (done < messages) {
    const int taken = send_datagrams(fd, &datagrams_[done], messages - done);
    if (taken > 0) {
      for (const unsigned end = done + taken; done < end; done++) {
        const auto pieces = static_cast<unsigned>(datagrams_[done].header.msg_iovlen);
        entry += pieces;
        result->sent += pieces;
        if (pieces > 1) result->segmented += pieces;
      }
      asked_again = false;
      continue;
    }
    if (errno == EINTR) continue;
    if (no_room(errno) && result->retries < kMaxSendWaits) {
      // With ENOBUFS the socket itself stays writable, so poll would not wait. Only time helps.
      const bool full = errno == EAGAIN;
      pollfd writable = {fd, POLLOUT, 0};
      poll(&writable, full ? 1 : 0, 1);
      result->retries++;
      continue;
    }
    // The kernel reports an error of an earlier datagram on this one, once.
    if (!no_room(errno) && !asked_again) {
      asked_again = true;
      continue;
    }
    asked_again = false;
    if (datagrams_[done].header.msg_iovlen > 1) {
      // This batch goes on without segments.
      if (rejects_segments(errno)) may_segment_ = false;
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
