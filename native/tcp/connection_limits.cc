#include "tcp/connection_limits.h"

#include "message/address.h"

namespace multisocket {

uint32_t ConnectionLimits::bucket_of(const uint8_t* address) const {
  const bool ipv4 = is_mapped(address);
  const uint8_t* octets = ipv4 ? address + sizeof kMappedPrefix : address;
  auto hash = static_cast<uint32_t>(memory_[0]);
  for (unsigned i = 0; i < (ipv4 ? 4u : 8u); i++) {
    hash = (hash ^ octets[i]) * 0x5bd1e995;
    hash ^= hash >> 15;
  }
  return 1 + hash % kBuckets;
}

ConnectionLimits::Admission ConnectionLimits::add(uint32_t bucket) {
  if (sum(0) >= most_) return Admission::kFull;
  const Admission admitted = bucket == kNoBucket ? Admission::kYes : add_client(bucket);
  if (admitted == Admission::kYes) __atomic_fetch_add(memory_ + row_, 1, __ATOMIC_RELAXED);
  return admitted;
}

ConnectionLimits::Admission ConnectionLimits::add_client(uint32_t bucket) {
  if (sum(bucket) >= most_of_client_) return Admission::kClientFull;
  __atomic_fetch_add(memory_ + row_ + bucket, 1, __ATOMIC_RELAXED);
  return Admission::kYes;
}

void ConnectionLimits::remove(uint32_t bucket) {
  __atomic_fetch_sub(memory_ + row_, 1, __ATOMIC_RELAXED);
  if (bucket != kNoBucket) __atomic_fetch_sub(memory_ + row_ + bucket, 1, __ATOMIC_RELAXED);
}

uint32_t ConnectionLimits::sum(size_t position) const {
  int32_t sum = 0;
  for (size_t at = kKey + position; at < words_; at += kRow) sum += __atomic_load_n(memory_ + at, __ATOMIC_RELAXED);
  return sum > 0 ? static_cast<uint32_t>(sum) : 0;
}

}  // namespace multisocket
