// A random key.
#ifndef MULTISOCKET_RANDOM_KEY_H_
#define MULTISOCKET_RANDOM_KEY_H_

#include <random>

#include "guard/siphash.h"

namespace multisocket {

inline SipKey random_key() {
  std::random_device source;
  const auto word = [&] { return static_cast<uint64_t>(source()) << 32 | source(); };
  return {word(), word()};
}

}  // namespace multisocket

#endif  // MULTISOCKET_RANDOM_KEY_H_
