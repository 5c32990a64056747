#include "upstream/waiting_queries.h"

#include <algorithm>
#include <utility>

#include "guard/random_key.h"
#include "message/names.h"
#include "message/wire.h"

namespace multisocket {
namespace {

constexpr size_t kIds = 1 << 16;
constexpr size_t kTypeAndClass = 4;

}  // namespace

WaitingQueries::WaitingQueries()
    : id_key_(random_key()), question_key_(random_key()), by_id_(kIds, 0), by_question_(kIds, 0) {}

void WaitingQueries::add(uint32_t handle, uint8_t* message, uint16_t question_end, Place place) {
  if (handle >= queries_.size()) queries_.resize(std::max<size_t>(handle + 1, 2 * queries_.size()));
  Query& query = queries_[handle];
  query = {place, hash(message, question_end), hash_folded(message, question_end), free_id(), question_end, 0};
  by_id_[query.id] = by_question(query.folded) = static_cast<uint16_t>(handle + 1);
  write16(message, query.id);
}

WaitingQueries::Place WaitingQueries::remove(uint32_t handle) {
  if (place(handle) == nullptr) return nullptr;
  Query& query = queries_[handle];
  by_id_[query.id] = 0;
  if (by_question(query.folded) == handle + 1) by_question(query.folded) = 0;
  return std::exchange(query.place, nullptr);
}

uint32_t WaitingQueries::find(const uint8_t* message, size_t length, Place place, Fit* fit) const {
  const uint16_t handle_and_one = by_id_[read16(message)];
  if (handle_and_one == 0) return kNoHandle;
  const uint32_t handle = handle_and_one - 1U;
  const Query& query = queries_[handle];
  if (query.place != place) return kNoHandle;
  if (read16(message + 4) == 0) {
    *fit = Fit::kNone;
    return handle;
  }
  if (length < query.question_end) return kNoHandle;
  const bool exact = hash(message, query.question_end) == query.question;
  if (!exact && hash_folded(message, query.question_end) != query.folded) return kNoHandle;
  *fit = exact ? Fit::kExact : Fit::kMisspelt;
  return handle;
}

uint32_t WaitingQueries::count_guess(const uint8_t* message, size_t length, Place place) {
  const size_t name_end = skip_plain_name(message, length, kHeaderSize);
  if (name_end == 0 || name_end + kTypeAndClass > length) return kNoHandle;
  const size_t question_end = name_end + kTypeAndClass;
  const uint64_t folded = hash_folded(message, question_end);
  const uint16_t handle_and_one = by_question(folded);
  if (handle_and_one == 0) return kNoHandle;
  Query& query = queries_[handle_and_one - 1U];
  if (query.place != place || query.folded != folded || ++query.guesses < kMaxGuesses) return kNoHandle;
  return handle_and_one - 1U;
}

uint16_t WaitingQueries::free_id() {
  for (;;) {
    for (uint64_t bits = random(); bits != 0; bits >>= 16) {
      const auto id = static_cast<uint16_t>(bits);
      if (by_id_[id] == 0) return id;
    }
  }
}

uint64_t WaitingQueries::random() {
  const uint64_t count = random_count_++;
  return siphash<2, 4>(id_key_, reinterpret_cast<const uint8_t*>(&count), sizeof count);
}

uint64_t WaitingQueries::hash(const uint8_t* message, size_t question_end) const {
  return siphash<1, 3>(question_key_, message + kHeaderSize, question_end - kHeaderSize);
}

uint64_t WaitingQueries::hash_folded(const uint8_t* message, size_t question_end) const {
  uint8_t question[kMaxName + kTypeAndClass];
  const size_t length = question_end - kHeaderSize;
  copy_lower(message + kHeaderSize, length - kTypeAndClass, question);
  std::copy_n(message + question_end - kTypeAndClass, kTypeAndClass, question + length - kTypeAndClass);
  return siphash<1, 3>(question_key_, question, length);
}

}  // namespace multisocket
