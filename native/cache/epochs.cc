#include "cache/epochs.h"

#include <algorithm>
#include <atomic>

#include "cache/slot_list.h"

namespace multisocket {

// On cache lines of its own. Its thread writes it twice a batch; writers read it when they need memory.
struct alignas(kSlotAlignment) EpochSlot : ListedSlot<EpochSlot> {
  std::atomic<uint64_t> epoch{0};  // 0: in no section
};

namespace {

struct Epochs {
  alignas(kSlotAlignment) std::atomic<uint64_t> current{1};
  alignas(kSlotAlignment) SlotList<EpochSlot> slots;
};

// Never destroyed: threads may outlive the static objects of a process that exits.
Epochs& epochs() {
  static auto* const only = new Epochs;
  return *only;
}

}  // namespace

// Why this is safe. Four operations are sequentially consistent, so all threads agree on their order: a reader stores
// its epoch (1) and then loads a link (2); a writer stores that link, which unlinks an answer (3), and then loads the
// reader's slot (4). If (4) does not see (1), then (4) is before (1), so (3) is before (2) and the reader does not find
// the answer. If (4) sees (1), the reader counts. A reader whose epoch is above the stamp of an answer has loaded the
// epoch after the answer was unlinked, so it does not find it either.
//
// The end of a section is a release store that (4) acquires: what the reader has read happens before what the writer
// writes there next.

EpochReader::EpochReader() : slot_(epochs().slots.claim([] { return new EpochSlot; })) {}

EpochReader::~EpochReader() {
  slot_->epoch.store(0, std::memory_order_release);
  SlotList<EpochSlot>::release(slot_);
}

ReadSection::ReadSection(const EpochReader& reader) : slot_(reader.slot_) {
  slot_->epoch.store(epochs().current.load());
}

ReadSection::~ReadSection() { slot_->epoch.store(0, std::memory_order_release); }

uint64_t current_epoch() { return epochs().current.load(); }

uint64_t settled_epoch() {
  uint64_t settled = epochs().current.fetch_add(1) + 1;
  epochs().slots.each([&](const EpochSlot& slot) {
    const uint64_t epoch = slot.epoch.load();
    if (epoch != 0) settled = std::min(settled, epoch);
  });
  return settled;
}

}  // namespace multisocket
