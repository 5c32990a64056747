// The replies that are ready and not sent, gathered by connection, so that each connection needs one system call.
#ifndef MULTISOCKET_REPLY_SEGMENTS_H_
#define MULTISOCKET_REPLY_SEGMENTS_H_

#include <cstdint>
#include <vector>

#include "tcp/connection.h"

namespace multisocket {

// The octets of the segments belong to somebody else, and stay where they are until the segments are sent.
class ReplySegments {
 public:
  ReplySegments() { segments_.reserve(kUsual); }

  // Adds octets to the replies of a connection. They are joined with the last ones if they follow them in memory.
  void add(Connection* connection, const uint8_t* octets, uint32_t size) {
    if (!connection->touched) {
      connection->touched = true;
      touched_.push_back(connection);
    }
    if (size == 0) return;
    if (connection->last_segment != kNone) {
      Segment& last = segments_[connection->last_segment];
      if (last.octets + last.size == octets) {
        last.size += size;
        return;
      }
    }
    const auto index = static_cast<uint32_t>(segments_.size());
    segments_.push_back({octets, size, kNone});
    if (connection->last_segment == kNone) {
      connection->first_segment = index;
    } else {
      segments_[connection->last_segment].next = index;
    }
    connection->last_segment = index;
  }

  bool empty() const { return touched_.empty(); }

  // Calls `send` for each connection with new replies, and forgets all segments. `send` must not add any.
  template <class Send>
  void flush(Send send) {
    for (size_t i = 0; i < touched_.size(); i++) {
      touched_[i]->touched = false;
      send(touched_[i]);
      touched_[i]->first_segment = touched_[i]->last_segment = kNone;
    }
    touched_.clear();
    segments_.clear();
  }

  // Calls `visit` with each segment of a connection.
  template <class Visit>
  void each(const Connection* connection, Visit visit) const {
    for (uint32_t i = connection->first_segment; i != kNone; i = segments_[i].next) {
      visit(segments_[i].octets, segments_[i].size);
    }
  }

 private:
  struct Segment {
    const uint8_t* octets;
    uint32_t size;
    uint32_t next;
  };
  static constexpr uint32_t kNone = UINT32_MAX;
  static constexpr size_t kUsual = 1024;

  std::vector<Segment> segments_;
  std::vector<Connection*> touched_;
};

}  // namespace multisocket

#endif  // MULTISOCKET_REPLY_SEGMENTS_H_
