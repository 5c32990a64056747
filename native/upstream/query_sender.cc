#include "upstream/query_sender.h"

#include <algorithm>
#include <cerrno>

#include "udp/segments.h"

namespace multisocket {

QuerySender::Sent QuerySender::send(int fd, uint32_t** entries, unsigned count) {
  static const bool kernel_segments = can_segment(fd);
  // Queries of one length have to be side by side.
  std::sort(entries, entries + count,
            [](const uint32_t* a, const uint32_t* b) { return a[layout::kAskLength] > b[layout::kAskLength]; });
  for (unsigned i = 0; i < count; i++) {
    entries[i][layout::kAskError] = 0;
    parts_[i] = {slab_ + entries[i][layout::kAskOffset], entries[i][layout::kAskLength]};
  }
  Sent result;
  unsigned messages = prepare(0, count, kernel_segments && may_segment_);
  unsigned done = 0;   // messages
  unsigned entry = 0;  // the first entry of message `done`
  bool asked_again = false;
  while (done < messages) {
    const int taken = send_datagrams(fd, &messages_[done], messages - done);
    if (taken > 0) {
      for (const unsigned end = done + taken; done < end; done++) entry += pieces(done);
      asked_again = false;
      continue;
    }
    if (errno == EINTR) continue;
    if (pieces(done) > 1 && rejects_segments(errno)) {
      may_segment_ = false;
      messages = prepare(entry, count, false);
      done = 0;
      continue;
    }
    // The kernel reports an ICMP error of an earlier datagram here, once, and does not send.
    if (!no_room(errno) && !asked_again) {
      asked_again = true;
      result.error = errno;
      continue;
    }
    // A query lost here is asked again, like any lost query.
    asked_again = false;
    result.unsent += pieces(done);
    for (const unsigned end = entry + pieces(done++); entry < end; entry++) {
      entries[entry][layout::kAskError] = static_cast<uint32_t>(errno);
    }
  }
  return result;
}

// Makes messages of the parts from `first` on. Returns the number of messages.
unsigned QuerySender::prepare(unsigned first, unsigned count, bool segmented) {
  unsigned messages = 0;
  for (unsigned i = first; i < count; i++) {
    if (segmented && messages > 0 && add_segment(&messages_[messages - 1].header, controls_[messages - 1].bytes)) {
      continue;
    }
    msghdr& header = messages_[messages++].header;
    header = {};
    header.msg_iov = &parts_[i];
    header.msg_iovlen = 1;
  }
  return messages;
}

// The number of queries in a message.
unsigned QuerySender::pieces(unsigned message) const {
  return static_cast<unsigned>(messages_[message].header.msg_iovlen);
}

}  // namespace multisocket
