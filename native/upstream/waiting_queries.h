// The queries of a UDP client that wait for answers, found by handle, by ID and by question.
//
// An answer is accepted only with the ID and the question of a query that waits on the same socket (RFC 5452 s.9.1). A
// response with the right question and a wrong ID is a guess. An attacker who forges answers makes many guesses. A
// query that meets several is given up, so that no question waits through a flood of guesses.
#ifndef MULTISOCKET_WAITING_QUERIES_H_
#define MULTISOCKET_WAITING_QUERIES_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "guard/siphash.h"
#include "upstream/upstream_answer.h"

namespace multisocket {

class WaitingQueries {
 public:
  // Where a query waits. Only the address is used, as an identity.
  using Place = const void*;
  static constexpr uint32_t kNoHandle = UINT32_MAX;

  WaitingQueries();

  // Adds the query at `message` and gives it an unused ID.
  void add(uint32_t handle, uint8_t* message, uint16_t question_end, Place place);
  // Returns the place of the query, or null if it was not waiting.
  Place remove(uint32_t handle);
  Place place(uint32_t handle) const { return handle < queries_.size() ? queries_[handle].place : nullptr; }
  uint16_t question_end(uint32_t handle) const { return queries_[handle].question_end; }

  // Returns the query at `place` that has the ID and the question of a response, or kNoHandle. `length` is at least
  // that of a header.
  uint32_t find(const uint8_t* message, size_t length, Place place, Fit* fit) const;
  // Counts a response for which `find` returned kNoHandle. Returns the query to give up because of it, or kNoHandle.
  uint32_t count_guess(const uint8_t* message, size_t length, Place place);

  // All handles are below this.
  uint32_t size() const { return static_cast<uint32_t>(queries_.size()); }
  // A number from a keyed generator.
  uint64_t random();

 private:
  // Late answers to earlier attempts at the same question look like guesses too. There are never this many.
  static constexpr uint8_t kMaxGuesses = 3;

  struct Query {
    Place place = nullptr;
    uint64_t question;  // keyed hash: an attacker cannot make another question with the same hash
    uint64_t folded;    // of the question in lower case
    uint16_t id;
    uint16_t question_end;
    uint8_t guesses;
  };

  uint16_t free_id();
  uint64_t hash(const uint8_t* message, size_t question_end) const;
  uint64_t hash_folded(const uint8_t* message, size_t question_end) const;
  uint16_t& by_question(uint64_t folded) { return by_question_[folded & 0xffff]; }

  SipKey id_key_;
  SipKey question_key_;
  uint64_t random_count_ = 0;
  std::vector<Query> queries_;         // by handle
  std::vector<uint16_t> by_id_;        // the handle plus 1; 0: the ID is free
  std::vector<uint16_t> by_question_;  // the same, by 16 bits of `folded`; the last of several
};

}  // namespace multisocket

#endif  // MULTISOCKET_WAITING_QUERIES_H_
