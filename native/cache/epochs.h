// Decides when memory that readers may still read can be used again. Readers never wait, and take no lock.
//
// A reader works in sections: a batch of look-ups is one. At the start of a section the reader notes the epoch of the
// process in a slot of its own, and at the end it clears the slot. A writer first unlinks what it wants to free, so
// that no new section finds it, and stamps it with the epoch. The memory is free when no reader is in a section of that
// epoch or of an earlier one.
//
// A section covers native code, without system calls that wait. A thread that sleeps, runs JavaScript or has ended is
// therefore in no section, and holds no memory back. A thread that loses its CPU in a section does, for so long.
#ifndef MULTISOCKET_EPOCHS_H_
#define MULTISOCKET_EPOCHS_H_

#include <cstddef>
#include <cstdint>

namespace multisocket {

struct EpochSlot;

// A thread's right to read. It belongs to one thread at a time, and has one section at a time.
class EpochReader {
 public:
  EpochReader();
  // Also ends the section, if the thread ends in the middle of one.
  ~EpochReader();
  EpochReader(const EpochReader&) = delete;
  EpochReader& operator=(const EpochReader&) = delete;

 private:
  friend class ReadSection;
  EpochSlot* slot_;
};

// A section of a reader, as long as the object exists.
class ReadSection {
 public:
  explicit ReadSection(const EpochReader& reader);
  ~ReadSection();
  ReadSection(const ReadSection&) = delete;
  ReadSection& operator=(const ReadSection&) = delete;

 private:
  EpochSlot* slot_;
};

// The epoch with which a writer stamps what it has unlinked.
uint64_t current_epoch();

// Begins a new epoch. Returns a number: memory whose stamp is below it is read by nobody.
uint64_t settled_epoch();

}  // namespace multisocket

#endif  // MULTISOCKET_EPOCHS_H_
