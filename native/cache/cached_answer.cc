#include "cache/cached_answer.h"

#include <algorithm>
#include <cstring>

#include "message/wire.h"

namespace multisocket {

bool CachedAnswer::has_key(const uint8_t* key, size_t length) const {
  return key_length_ == length && memcmp(bytes(), key, length) == 0;
}

uint32_t CachedAnswer::age(uint32_t now) const {
  const uint32_t age = now - stored_at_;
  return age > INT32_MAX ? 0 : age;
}

void CachedAnswer::write(const uint8_t* query, const MessageView& view, uint32_t age, uint32_t max_ttl,
                         uint8_t* out) const {
  const size_t question_end = view.question_end;
  if (out != query) memcpy(out + kHeaderSize, query + kHeaderSize, question_end - kHeaderSize);
  write16(out, view.id);
  memcpy(out + 2, header(), kHeaderRest);
  memcpy(out + question_end, tail(), tail_length_);
  const uint8_t* place = ttl_places();
  for (unsigned i = 0; i < ttls_; i++, place += 2) {
    uint16_t offset;
    memcpy(&offset, place, sizeof offset);
    uint8_t* at = out + question_end + offset;
    const uint32_t ttl = read32(at);
    write32(at, std::min(ttl > age ? ttl - age : 0, max_ttl));
  }
}

}  // namespace multisocket
