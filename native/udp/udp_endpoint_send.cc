// The sending half of UdpEndpoint.
#include <algorithm>
#include <utility>

#include "udp/udp_endpoint.h"

namespace multisocket {

// Returns a socket with the address and port that the query of an outbox entry was sent to, or null if all of them were
// removed. It is the first socket of the group, whichever received the query. The last ones may be about to leave the
// group, and a socket that has left cannot send.
UdpEndpoint::Socket* UdpEndpoint::sender_of(const uint32_t* entry) const {
  return senders_[groups_[layout::read_socket(memory_.slab + entry[layout::kOutEnvelope])]];
}

// Removes the replies that the guard holds back from the outbox. Returns the number of remaining entries.
uint32_t UdpEndpoint::limit(uint32_t count) {
  Guard* guard = admission_.guard();
  if (guard == nullptr || !guard->limits()) return count;
  const uint64_t now = RateLimiter::clock();
  uint32_t* entries = memory_.outbox + 1;
  uint32_t left = 0;
  for (uint32_t i = 0; i < count; i++) {
    uint32_t* entry = entries + i * layout::kOutboxEntryWords;
    const uint8_t* envelope = memory_.slab + entry[layout::kOutEnvelope];
    if (envelope[layout::kEnvelopeUnlimited] == 0) {
      size_t length = entry[layout::kOutLength];
      const Guard::Fate fate = guard->send(origin_of(envelope), memory_.slab + entry[layout::kOutMessage], &length,
                                           entry[layout::kOutOpt], now, memory_.counters + memory_.worker_row);
      if (fate == Guard::Fate::kDrop) continue;
      entry[layout::kOutLength] = static_cast<uint32_t>(length);
    }
    std::copy_n(entry, layout::kOutboxEntryWords, entries + left++ * layout::kOutboxEntryWords);
  }
  return left;
}

void UdpEndpoint::flush() {
  const uint32_t count = limit(std::exchange(memory_.outbox[0], 0));
  const uint32_t* entries = memory_.outbox + 1;
  double* row = memory_.counters + memory_.worker_row;
  for (uint32_t first = 0, last = 0; first < count; first = last) {
    const auto entry = [&](uint32_t index) { return entries + index * layout::kOutboxEntryWords; };
    const Socket* sender = sender_of(entry(first));
    DatagramSender::Sent result;
    last = first + 1;
    if (sender == nullptr) {
      result.failed = 1;
    } else {
      for (; last < count; last++) {
        const Socket* next = sender_of(entry(last));
        if (next != sender) break;
      }
      result = sender_.send(sender->descriptor.get(), entry(first), last - first);
    }
    if (result.sent > 0) layout::count(row + layout::kSent, result.sent);
    if (result.segmented > 0) layout::count(row + layout::kSegmentedSends, result.segmented);
    if (result.failed > 0) layout::count(row + layout::kSendFailures, result.failed);
    if (result.retries > 0) layout::count(row + layout::kSendRetries, result.retries);
  }
}

}  // namespace multisocket
