// A histogram of durations with log-linear buckets, like HDR histograms: 128 buckets for each power of two. A
// percentile is at most 0.8 % above the true value, from nanoseconds to centuries. It takes 58 KiB and does not
// allocate.
#ifndef MULTISOCKET_LATENCY_HISTOGRAM_H_
#define MULTISOCKET_LATENCY_HISTOGRAM_H_

#include <array>
#include <cstdint>

namespace multisocket {

class LatencyHistogram {
 public:
  static constexpr unsigned kBits = 7;
  static constexpr unsigned kBuckets = (64 - kBits + 1) << kBits;

  void record(uint64_t nanoseconds) {
    counts_[bucket(nanoseconds)]++;
    if (nanoseconds > longest_) longest_ = nanoseconds;
  }
  uint64_t longest() const { return longest_; }
  uint64_t count(unsigned bucket) const { return counts_[bucket]; }

  // The longest duration in a bucket.
  static uint64_t upper_bound(unsigned bucket) {
    if (bucket < 2U << kBits) return bucket;
    const unsigned shift = (bucket >> kBits) - 1;
    const uint64_t lowest = uint64_t{(1U << kBits) | (bucket & ((1U << kBits) - 1))} << shift;
    return lowest + ((uint64_t{1} << shift) - 1);
  }

 private:
  static unsigned bucket(uint64_t value) {
    if (value < 1U << kBits) return static_cast<unsigned>(value);
    const unsigned shift = 63 - static_cast<unsigned>(__builtin_clzll(value)) - kBits;
    return ((shift + 1) << kBits) + static_cast<unsigned>((value >> shift) & ((1U << kBits) - 1));
  }

  std::array<uint64_t, kBuckets> counts_{};
  uint64_t longest_ = 0;
};

}  // namespace multisocket

#endif  // MULTISOCKET_LATENCY_HISTOGRAM_H_
