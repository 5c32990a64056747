// libFuzzer target: arbitrary octets are examined. Invalid messages are answered; the names of queries are written as
// text.
#include <cstdlib>
#include <cstring>
#include <memory>

#include "cache/cache_key.h"
#include "message/layout.h"
#include "message/message_view.h"

using namespace multisocket;

namespace {

// abort() and not assert(), so that NDEBUG has no effect.
void require(bool holds) {
  if (!holds) abort();
}

void check_query(const uint8_t* message, size_t length, const MessageView& view) {
  require(view.question_end == 12U + view.qname_length + 4U && view.question_end <= length);
  require(view.qname_length >= 1 && view.qname_length <= 255);
  require(size_t{view.options_offset} + view.options_length <= length);
  require(view.has_opt || (view.options_length == 0 && view.payload_size == 0 && view.opt_flags == 0));

  char text[2 * layout::kMaxText];
  size_t spelling = 0;
  const size_t written = write_name(message, text, &spelling);
  require(written >= 1 && written <= layout::kMaxText);
  require(spelling == 0 || spelling == written);
  for (size_t i = 0; i < written; i++) {
    require(text[i] > ' ' && text[i] <= '~' && (text[i] < 'A' || text[i] > 'Z'));
    const char sent = text[spelling + i];
    require(sent == text[i] || (sent >= 'A' && sent <= 'Z' && (sent | 0x20) == text[i]));
  }

  const uint16_t limit = reply_limit(view, Transport::kUdp, kPayloadSize);
  require(limit >= 512 && limit <= kPayloadSize);
  CacheKey key;
  if (key.read(message, view, Transport::kUdp, kPayloadSize, AddedOptions{true}))
    require(!view.has_own_reply && key.size() > view.qname_length);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t length) {
  if (length > UINT16_MAX) return 0;
  // Memory of exactly this length, so that the sanitizer detects the first octet too many.
  const std::unique_ptr<uint8_t[]> message(new uint8_t[length]);
  if (length > 0) memcpy(message.get(), data, length);
  MessageView view;
  const Verdict verdict = examine(message.get(), length, &view);
  require(length == 0 || memcmp(message.get(), data, length) == 0);
  if (verdict == Verdict::kQuery) {
    check_query(message.get(), length, view);
    require(make_error_reply(message.get(), view, verdict, kPayloadSize) == 0);
    return 0;
  }
  const size_t reply = make_error_reply(message.get(), view, verdict, kPayloadSize);
  require(reply <= length);
  require(verdict == Verdict::kShort || verdict == Verdict::kResponse ? reply == 0 : reply >= 12);
  if (reply == 0) return 0;
  // A reply keeps the ID and has QR=1, so that we never answer our own reply.
  require(memcmp(message.get(), data, 2) == 0 && (message[2] & 0x80) != 0);
  MessageView again;
  require(examine(message.get(), reply, &again) == Verdict::kResponse);
  return 0;
}
