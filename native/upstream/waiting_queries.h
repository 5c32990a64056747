// The queries of a UDP client that wait for answers: by handle, by ID and by question.
//
// An answer is taken only with the ID and the question of a query that waits at the same socket (RFC 5452 s.9.1). A
// response that has the question but not the ID is a guess: whoever forges answers makes many of them. A query that has
// met several is given up, so that one question never waits through a flood of them.
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
  // Where a query waits; of it only the address is used.
  using Place = const void*;
  static constexpr uint32_t kNoHandle = UINT32_MAX;

  WaitingQueries();

  // Adds the query that stands at `message`, and gives it an ID of its own.
  void add(uint32_t handle, uint8_t* message, uint16_t question_end, Place place);
  // Returns where the query has waited; null: it did not.
  Place remove(uint32_t handle);
  Place place(uint32_t handle) const { return handle < queries_.size() ? queries_[handle].place : nullptr; }
  uint16_t question_end(uint32_t handle) const { return queries_[handle].question_end; }

  // The query at `place` with a response's ID whose question the response fits; kNoHandle: there is none. `length` is
  // at least a header's.
  uint32_t find(const uint8_t* message, size_t length, Place place, Fit* fit) const;
  // Counts a response that `find` knows no query for. Returns the query that is to be given up for it; kNoHandle: none.
  uint32_t count_guess(const uint8_t* message, size_t length, Place place);

  // Handles are below this.
  uint32_t size() const { return static_cast<uint32_t>(queries_.size()); }
  // From a keyed generator.
  uint64_t random();

 private:
  // Late answers to earlier tries of the same question look like guesses, too; there are never so many.
  static constexpr uint8_t kMaxGuesses = 3;

  struct Query {
    Place place = nullptr;
    uint64_t question;  // keyed hash: nobody can make another question with the same one
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
  std::vector<uint16_t> by_id_;        // 1 more than the handle; 0: the ID is free
  std::vector<uint16_t> by_question_;  // likewise, by 16 bits of `folded`: of several, the last one
};

}  // namespace multisocket

#endif  // MULTISOCKET_WAITING_QUERIES_H_
