// Deadlines of many items. Setting and removing one takes constant time and allocates nothing.
#ifndef MULTISOCKET_TIMER_WHEEL_H_
#define MULTISOCKET_TIMER_WHEEL_H_

#include <algorithm>
#include <array>
#include <cstdint>

namespace multisocket {

// The place of an item in a wheel.
struct Timed {
  Timed* before = nullptr;  // null: it is in no wheel
  Timed* after = nullptr;
  uint64_t tick = 0;  // in which it becomes due
};

// Time is divided into ticks. Each spoke of the wheel is a ring of the items of one tick. An item may become due before
// its deadline, since the wheel has a limited horizon and an item is never moved to a later tick. The receiver then
// sets it again.
class TimerWheel {
 public:
  static constexpr uint64_t kNever = UINT64_MAX;

  // `tick`: length of a tick in ms, at least 1. `now`: by the clock of all other times, in ms.
  TimerWheel(uint32_t tick, uint64_t now) : length_(tick), current_(now / tick) {
    for (Timed& spoke : spokes_) spoke.before = spoke.after = &spoke;
  }
  TimerWheel(const TimerWheel&) = delete;
  TimerWheel& operator=(const TimerWheel&) = delete;

  uint32_t tick() const { return length_; }

  // Makes the item due at `at`, or earlier if it was set to an earlier time.
  void set(Timed* item, uint64_t at) {
    if (at == kNever) return;
    const uint64_t tick = std::clamp(at / length_ + 1, current_ + 1, current_ + kSpokes - 1);
    if (item->before != nullptr) {
      if (item->tick <= tick) return;
      remove(item);
    }
    Timed* spoke = &spokes_[tick % kSpokes];
    item->tick = tick;
    item->before = spoke->before;
    item->after = spoke;
    spoke->before->after = item;
    spoke->before = item;
  }

  void remove(Timed* item) {
    if (item->before == nullptr) return;
    item->before->after = item->after;
    item->after->before = item->before;
    item->before = item->after = nullptr;
  }

  // Removes every item whose tick has come and passes it to `due`, which may set and remove any item.
  template <class Due>
  void advance(uint64_t now, Due due) {
    const uint64_t last = now / length_;
    // After a long pause one round finds everything.
    if (last > current_ + kSpokes) current_ = last - kSpokes;
    while (current_ < last) {
      // Items that are set meanwhile go to later spokes.
      Timed* spoke = &spokes_[++current_ % kSpokes];
      while (spoke->after != spoke) {
        Timed* item = spoke->after;
        remove(item);
        due(item);
      }
    }
  }

 private:
  static constexpr uint64_t kSpokes = 256;

  uint64_t length_;
  uint64_t current_;  // the last tick that is over
  std::array<Timed, kSpokes> spokes_;
};

}  // namespace multisocket

#endif  // MULTISOCKET_TIMER_WHEEL_H_
