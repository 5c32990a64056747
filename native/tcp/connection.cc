#include "tcp/connection.h"

#include "message/wire.h"

namespace multisocket {

bool Connection::has_frame() { return input.size() >= 2 && input.size() - 2 >= read16(input.data()); }

Connection::Deadline Connection::deadline(const StreamTimeouts& timeouts) const {
  Deadline first = {TimerWheel::kNever, Overdue::kIdle};
  const auto consider = [&](uint64_t since, uint32_t limit, Overdue reason) {
    if (since + limit < first.at) first = {since + limit, reason};
  };
  if (output.size() > 0) consider(unread_since, timeouts.write, Overdue::kWrite);
  if (finished) {
    consider(finished_at, timeouts.linger, Overdue::kLinger);
    return first;
  }
  // While it is blocked, the rest of a message may have come already.
  if (input.size() > 0 && !blocked) consider(started_at, timeouts.message, Overdue::kMessage);
  if (in_flight == 0) consider(last_active, timeouts.idle, Overdue::kIdle);
  return first;
}

}  // namespace multisocket
