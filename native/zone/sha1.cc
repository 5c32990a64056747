#include "zone/sha1.h"

#include <cstring>

#include "message/wire.h"

namespace multisocket {
namespace {

constexpr size_t kBlock = 64;
constexpr size_t kMaxData = 512;

uint32_t rotate(uint32_t value, unsigned bits) { return value << bits | value >> (32 - bits); }

void add_block(const uint8_t* block, uint32_t state[5]) {
  uint32_t words[80];
  for (unsigned i = 0; i < 16; i++) words[i] = read32(block + 4 * i);
  for (unsigned i = 16; i < 80; i++) words[i] = rotate(words[i - 3] ^ words[i - 8] ^ words[i - 14] ^ words[i - 16], 1);
  uint32_t a = state[0];
  uint32_t b = state[1];
  uint32_t c = state[2];
  uint32_t d = state[3];
  uint32_t e = state[4];
  const auto round = [&](uint32_t mixed, uint32_t constant, uint32_t word) {
    const uint32_t next = rotate(a, 5) + mixed + e + constant + word;
    e = d;
    d = c;
    c = rotate(b, 30);
    b = a;
    a = next;
  };
  for (unsigned i = 0; i < 20; i++) round((b & c) | (~b & d), 0x5a827999, words[i]);
  for (unsigned i = 20; i < 40; i++) round(b ^ c ^ d, 0x6ed9eba1, words[i]);
  for (unsigned i = 40; i < 60; i++) round((b & c) | (b & d) | (c & d), 0x8f1bbcdc, words[i]);
  for (unsigned i = 60; i < 80; i++) round(b ^ c ^ d, 0xca62c1d6, words[i]);
  const uint32_t added[] = {a, b, c, d, e};
  for (unsigned i = 0; i < 5; i++) state[i] += added[i];
}

}  // namespace

void sha1(const uint8_t* data, size_t length, uint8_t out[kSha1Size]) {
  uint8_t padded[kMaxData + 2 * kBlock];
  const size_t size = (length + 8) / kBlock * kBlock + kBlock;  // with a one bit and the length
  memcpy(padded, data, length);
  memset(padded + length, 0, size - length);
  padded[length] = 0x80;
  write32(padded + size - 4, static_cast<uint32_t>(length * 8));
  uint32_t state[] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
  for (size_t at = 0; at < size; at += kBlock) add_block(padded + at, state);
  for (unsigned i = 0; i < 5; i++) write32(out + 4 * i, state[i]);
}

}  // namespace multisocket
