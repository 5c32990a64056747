#include "load/load_ledger.h"

#include <algorithm>
#include <cstring>

#include "message/wire.h"

namespace multisocket {
namespace {

constexpr unsigned kIds = 65536;

// Four times a fair share, so that a client with slow answers does not run out of places before the others.
unsigned places_a_client(const LoadPlan& plan) {
  const uint64_t wanted = std::max<uint64_t>(plan.burst, uint64_t{4} * plan.window / plan.clients + 1);
  unsigned places = 1;
  while (places < wanted && places < kIds) places *= 2;
  return places;
}

// Returns the end of the question after the header, or 0 if it is invalid: labels without compression (RFC 1035 s.3.1),
// QTYPE, QCLASS.
size_t question_end(const uint8_t* message, size_t length) {
  size_t at = kHeaderSize;
  while (at < length && message[at] != 0) {
    if (message[at] > 63) return 0;
    at += 1U + message[at];
  }
  return at + 5 <= length ? at + 5 : 0;
}

}  // namespace

LoadLedger::LoadLedger(const LoadPlan& plan)
    : bytes_(plan.questions),
      per_client_(places_a_client(plan)),
      clients_(plan.clients),
      flights_(size_t{plan.clients} * per_client_),
      timeout_(plan.timeout),
      interval_(plan.interval),
      series_((plan.duration + plan.timeout) / plan.interval + 2) {
  read_questions();
}

void LoadLedger::read_questions() {
  size_t at = 0;
  while (at < bytes_.size()) {
    const size_t length = at + 2 <= bytes_.size() ? read16(&bytes_[at]) : 0;
    const bool whole = length > kHeaderSize && length <= kMaxQuery && at + 2 + length <= bytes_.size();
    const uint8_t* message = &bytes_[at] + 2;
    const size_t end =
        whole && (message[2] & 0x80) == 0 && read16(message + 4) == 1 ? question_end(message, length) : 0;
    if (end == 0) {
      questions_.clear();
      return;
    }
    questions_.push_back({static_cast<uint32_t>(at + 2), static_cast<uint16_t>(length), static_cast<uint16_t>(end)});
    at += 2 + length;
  }
}

unsigned LoadLedger::ask(unsigned client, uint64_t due, uint64_t now, uint8_t* out) {
  Client& asker = clients_[client];
  const uint32_t first = client * per_client_;
  uint16_t id;
  uint32_t place;
  do {
    id = asker.next_id++;
    place = first + (id & (per_client_ - 1));
  } while (flights_[place].state == State::kWaiting);
  asker.waiting++;

  Flight& flight = flights_[place];
  flight.due = due;
  flight.id = id;
  flight.state = State::kWaiting;
  flight.question = next_question_;
  flight.older = newest_place_;
  flight.newer = kNone;
  if (newest_place_ == kNone) {
    oldest_place_ = place;
    oldest_.set(due);
  } else {
    flights_[newest_place_].newer = place;
  }
  newest_place_ = place;
  waiting_++;

  const Question& question = questions_[next_question_];
  if (++next_question_ == questions_.size()) next_question_ = 0;
  std::memcpy(out, &bytes_[question.offset], question.length);
  out[0] = static_cast<uint8_t>(id >> 8);
  out[1] = static_cast<uint8_t>(id);
  counts_.sent.add(1);
  interval(now).sent++;
  return question.length;
}

void LoadLedger::take_back(uint64_t now) {
  Flight& flight = flights_[newest_place_];
  flight.state = State::kUnused;
  next_question_ = flight.question;
  unlink(newest_place_);
  counts_.sent.set(counts_.sent.get() - 1);
  interval(now).sent--;
}

void LoadLedger::settle(unsigned client, const uint8_t* message, size_t length, uint64_t now) {
  if (length < kHeaderSize) {
    counts_.unexpected.add(1);
    return;
  }
  const unsigned id = read16(message);
  const uint32_t place = client * per_client_ + (id & (per_client_ - 1));
  Flight& flight = flights_[place];
  if (flight.state == State::kUnused || flight.id != id) {
    counts_.unexpected.add(1);
  } else if (!fits(questions_[flight.question], message, length)) {
    counts_.mismatched.add(1);
  } else if (flight.state == State::kAnswered) {
    counts_.duplicates.add(1);
  } else if (flight.state == State::kLost) {
    counts_.late.add(1);
  } else {
    flight.state = State::kAnswered;
    unlink(place);
    const uint64_t waited = now - flight.due;
    latency_.record(waited);
    counts_.answered.add(1);
    counts_.rcodes[message[3] & 0x0f].add(1);
    if ((message[2] & 0x02) != 0) counts_.truncated.add(1);
    Interval& current = interval(now);
    current.answered++;
    current.longest = std::max(current.longest, waited);
    last_answer_ = now;
  }
}

// Returns whether a message is a response with the same opcode and exactly the same question, including the spelling.
bool LoadLedger::fits(const Question& question, const uint8_t* message, size_t length) const {
  const uint8_t* asked = &bytes_[question.offset];
  return length >= question.end && (message[2] & 0xf8) == (0x80 | (asked[2] & 0x78)) && read16(message + 4) == 1 &&
         std::memcmp(message + kHeaderSize, asked + kHeaderSize, question.end - kHeaderSize) == 0;
}

void LoadLedger::expire(uint64_t now) {
  while (oldest_place_ != kNone && flights_[oldest_place_].due + timeout_ <= now) lose(oldest_place_, now);
}

void LoadLedger::abandon(unsigned client, uint64_t now) {
  if (clients_[client].waiting == 0) return;
  const uint32_t first = client * per_client_;
  for (uint32_t place = first; place < first + per_client_; place++) {
    if (flights_[place].state == State::kWaiting) lose(place, now);
  }
}

void LoadLedger::lose(uint32_t place, uint64_t now) {
  flights_[place].state = State::kLost;
  unlink(place);
  counts_.lost.add(1);
  interval(now).lost++;
}

void LoadLedger::unlink(uint32_t place) {
  const Flight& flight = flights_[place];
  if (flight.older == kNone) {
    oldest_place_ = flight.newer;
    oldest_.set(oldest_place_ == kNone ? 0 : flights_[oldest_place_].due);
  } else {
    flights_[flight.older].newer = flight.newer;
  }
  if (flight.newer == kNone) {
    newest_place_ = flight.older;
  } else {
    flights_[flight.newer].older = flight.older;
  }
  clients_[place / per_client_].waiting--;
  waiting_--;
}

LoadLedger::Interval& LoadLedger::interval(uint64_t now) {
  return series_[std::min<uint64_t>((now - start_) / interval_, series_.size() - 1)];
}

}  // namespace multisocket
