// Writes the records of a reply behind its question, with compressed names (RFC 1035 s.4.1.4).
#ifndef MULTISOCKET_REPLY_WRITER_H_
#define MULTISOCKET_REPLY_WRITER_H_

#include <cstddef>
#include <cstdint>

#include "zone/wire_name.h"
#include "zone/zone_image.h"

namespace multisocket {

class ReplyWriter {
 public:
  // `message` has a question with the name `question`, whatever its spelling, which ends at `at`. Nothing is written
  // from `end` on.
  ReplyWriter(uint8_t* message, size_t at, size_t end, const WireName& question)
      : message_(message), at_(at), end_(end), question_(question) {}
  ReplyWriter(const ReplyWriter&) = delete;
  ReplyWriter& operator=(const ReplyWriter&) = delete;

  size_t at() const { return at_; }
  // Whether more was written than there is room for.
  bool overflowed() const { return overflowed_; }
  // Takes back what was written from `at` on. No names may follow.
  void rewind(size_t at) {
    at_ = at;
    overflowed_ = false;
  }

  // Writes a record of the class IN. `type`: of a set, also of signatures.
  void record(const WireName& owner, uint32_t type, uint32_t ttl, Rdata rdata);

 private:
  // A name of the message, by the hash of its labels; `offset` 0: none.
  struct Known {
    uint16_t hash;
    uint16_t offset;
  };
  static constexpr size_t kSlots = 256;
  static constexpr size_t kMaxKnown = 192;

  bool reserve(size_t octets);
  // Writes a name without pointers of `size` octets.
  void name(const uint8_t* name, size_t size);
  void learn_question();
  void learn(uint16_t hash, size_t offset);
  size_t find(uint16_t hash, const uint8_t* name) const;
  bool is_at(size_t offset, const uint8_t* name) const;
  void rdata(uint32_t type, Rdata rdata);

  uint8_t* message_;
  size_t at_;
  size_t end_;
  const WireName& question_;
  bool overflowed_ = false;
  size_t known_ = 0;
  Known table_[kSlots];  // valid if `known_` is not 0
};

}  // namespace multisocket

#endif  // MULTISOCKET_REPLY_WRITER_H_
