// A list of slots, one for each thread that uses something shared. A thread writes only to its own slot, and any thread
// may read all of them without a lock. Slots are reused but not freed while the list exists.
#ifndef MULTISOCKET_SLOT_LIST_H_
#define MULTISOCKET_SLOT_LIST_H_

#include <atomic>

namespace multisocket {

// Processors fetch cache lines in pairs, so two slots are this many octets apart.
constexpr size_t kSlotAlignment = 128;

// The base class of a slot.
template <class Slot>
struct ListedSlot {
  std::atomic<bool> taken{true};
  Slot* next = nullptr;
};

template <class Slot>
class SlotList {
 public:
  SlotList() = default;
  ~SlotList() {
    for (Slot* slot = first_.load(std::memory_order_acquire); slot != nullptr;) {
      Slot* const next = slot->next;
      delete slot;
      slot = next;
    }
  }
  SlotList(const SlotList&) = delete;
  SlotList& operator=(const SlotList&) = delete;

  // Returns a free slot, or the result of `make`.
  template <class Make>
  Slot* claim(const Make& make) {
    for (Slot* slot = first_.load(std::memory_order_acquire); slot != nullptr; slot = slot->next) {
      bool free = false;
      if (slot->taken.compare_exchange_strong(free, true, std::memory_order_acquire)) return slot;
    }
    Slot* const slot = make();
    slot->next = first_.load(std::memory_order_relaxed);
    // Sequentially consistent, for epochs.cc: a writer that misses the slot is not missed by its reader.
    while (!first_.compare_exchange_weak(slot->next, slot)) {
    }
    return slot;
  }

  // The next thread that claims the slot sees all that this thread wrote to it.
  static void release(Slot* slot) { slot->taken.store(false, std::memory_order_release); }

  template <class Visit>
  void each(const Visit& visit) const {
    for (Slot* slot = first_.load(); slot != nullptr; slot = slot->next) visit(*slot);
  }

 private:
  std::atomic<Slot*> first_{nullptr};
};

}  // namespace multisocket

#endif  // MULTISOCKET_SLOT_LIST_H_
