// libFuzzer target: a small cache compared with a model. Queries and replies with arbitrary octets are stored, looked
// up, aged and cleared. The model keeps every reply under its own key.
//
// The input is a sequence of steps. A step is an octet for the action, an octet for time and transport, and a query
// after its length (two octets). A step that stores a reply also has the part of the reply after the question, with its
// length.
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <string>

#include "cache/answer_cache.h"
#include "guard/client_options.h"
#include "message/wire.h"
#include "test_cache.h"

using namespace multisocket;

namespace {

constexpr uint32_t kStaleSeconds = 20;

// abort() and not assert(), so that NDEBUG has no effect.
void require(bool holds) {
  if (!holds) abort();
}

class Input {
 public:
  Input(const uint8_t* data, size_t length) : at_(data), end_(data + length) {}
  bool done() const { return at_ == end_; }
  uint8_t octet() { return done() ? 0 : *at_++; }
  std::string chunk() {
    const size_t wanted = octet() << 8 | octet();
    const size_t left = static_cast<size_t>(end_ - at_);
    std::string taken(reinterpret_cast<const char*>(at_), wanted < left ? wanted : left);
    at_ += taken.size();
    return taken;
  }

 private:
  const uint8_t* at_;
  const uint8_t* end_;
};

const uint8_t* octets(const std::string& text) { return reinterpret_cast<const uint8_t*>(text.data()); }

// Returns the options that are part of the key.
std::string shared_options(const std::string& query, const MessageView& view) {
  std::string shared;
  const size_t end = view.options_offset + size_t{view.options_length};
  for (size_t at = view.options_offset; at < end; at += 4U + read16(octets(query) + at + 2)) {
    const uint16_t code = read16(octets(query) + at);
    if (code == kOptionKeepalive || code == kOptionPadding) continue;
    shared += query.substr(at, 4U + read16(octets(query) + at + 2));
  }
  return shared;
}

// Returns what two queries must have in common to share a reply.
std::string model_key(const std::string& query, const MessageView& view, const Origin& origin) {
  std::string key = query.substr(2, 2) + query.substr(12, view.question_end - 12U);
  for (size_t i = 2; i < key.size() - 4; i++) {
    if (key[i] >= 'A' && key[i] <= 'Z') key[i] = static_cast<char>(key[i] | 0x20);
  }
  key += origin.transport != Transport::kUdp ? "stream"
                                             : std::to_string(reply_limit(view, origin.transport, kPayloadSize));
  if (view.has_opt) key += "opt" + std::to_string(view.opt_flags) + shared_options(query, view);
  return key;
}

struct Stored {
  std::string reply;  // including OPT
  uint32_t now;
};

class Run {
 public:
  Run() : cache_(options()) {}

  void step(Input* input) {
    const uint8_t what = input->octet();
    const uint8_t more = input->octet();
    now_ += more >> 4;
    origin_.transport = (more & 1) != 0 ? Transport::kTcp : Transport::kUdp;
    query_ = input->chunk();
    view_ = MessageView();
    if (examine(octets(query_), query_.size(), &view_) != Verdict::kQuery) return;
    if (what % 8 == 7) {
      cache_.clear(octets(query_) + 12, view_.qname_length, (what & 8) != 0);
    } else if (what % 2 == 0) {
      store(input->chunk(), (what & 8) != 0 ? what : UINT32_MAX);
    }
    look_up((what & 16) != 0);
    require(cache_.counters().bytes <= options().max_bytes);
  }

 private:
  static CacheOptions options() {
    CacheOptions options;
    options.max_bytes = 4 << 10;  // a few answers, so that they evict each other
    options.serve_stale_seconds = kStaleSeconds;
    options.prefetch_hits = 2;
    return options;
  }

  // The reply has the header of the query with QR, its question, and records from the input, whose counts come first.
  void store(const std::string& rest, uint32_t max_ttl) {
    if (rest.size() < 7) return;
    std::string reply = query_.substr(0, view_.question_end) + rest.substr(7);
    if (reply.size() > UINT16_MAX) return;
    reply[2] = static_cast<char>(reply[2] | 0x80);
    memcpy(&reply[6], rest.data(), 6);
    reply[3] = rest[6];
    // Exactly this size, so that the sanitizer detects the first octet too many.
    const std::unique_ptr<uint8_t[]> exact(new uint8_t[reply.size()]);
    memcpy(exact.get(), reply.data(), reply.size());
    Answer answer;
    answer.message = exact.get();
    answer.length = reply.size();
    answer.max_ttl = max_ttl;
    if (!cache_.store(octets(query_), view_, origin_, answer, now_)) return;
    require(!view_.has_own_reply && (reply[2] & 0x7a) == 0);
    if (view_.has_opt) {
      const unsigned additionals = read16(octets(reply) + 10) + 1U;
      reply[10] = static_cast<char>(additionals >> 8);
      reply[11] = static_cast<char>(additionals);
      const uint8_t opt[11] = {
          0, 0, 41, kPayloadSize >> 8, kPayloadSize & 0xff, 0, 0, static_cast<uint8_t>(view_.opt_flags >> 8 & 0x80)};
      reply.append(reinterpret_cast<const char*>(opt), sizeof opt);
    }
    model_[model_key(query_, view_, origin_)] = {reply, now_};
    require(look_up(false));  // the reply that was just stored is found
  }

  bool look_up(bool allow_stale) {
    const size_t capacity = 65535;
    const std::unique_ptr<uint8_t[]> out(new uint8_t[capacity]);
    const auto found = cache_.look_up(octets(query_), view_, origin_, now_, allow_stale, out.get(), capacity);
    if (found.length == 0) return false;
    const auto known = model_.find(model_key(query_, view_, origin_));
    require(known != model_.end());
    const Stored& stored = known->second;
    require(found.length == stored.reply.size());
    require(!found.stale || allow_stale);
    const std::string reply(out.get(), out.get() + found.length);
    require(reply.substr(0, 2) == query_.substr(0, 2) && reply.substr(2, 10) == stored.reply.substr(2, 10));
    require(reply.substr(12, view_.question_end - 12U) == query_.substr(12, view_.question_end - 12U));
    const std::string tail = reply.substr(view_.question_end);
    if (stored.now == now_) require(tail == stored.reply.substr(view_.question_end));

    require(found.opt == (view_.has_opt ? found.length - 11 : 0));
    if (found.opt != 0) add_options(out.get(), found);

    // In place, in memory of exactly the needed size.
    const size_t room = found.length > query_.size() ? found.length : query_.size();
    const std::unique_ptr<uint8_t[]> slot(new uint8_t[room]);
    memcpy(slot.get(), query_.data(), query_.size());
    const auto again = cache_.look_up(slot.get(), view_, origin_, now_, allow_stale, slot.get(), room);
    require(again.length == found.length && memcmp(slot.get(), out.get(), found.length) == 0);
    require(cache_.look_up(octets(query_), view_, origin_, now_, allow_stale, nullptr, found.length - 1).length == 0);
    return true;
  }

  // Adds the options that a client asked for, in memory of exactly the allowed size.
  void add_options(const uint8_t* reply, const AnswerCache::Found& found) {
    const uint8_t nsid[3] = {1, 2, 3};
    EdnsSettings settings;
    settings.keepalive = 100;
    settings.padding_block = 468;
    settings.nsid = nsid;
    settings.nsid_length = sizeof nsid;
    const size_t limit = found.length + now_ % kMaxClientOptions;
    const std::unique_ptr<uint8_t[]> room(new uint8_t[limit]);
    memcpy(room.get(), reply, found.length);
    const uint8_t cookie[kCookieSize] = {1, 2, 3};
    const size_t length = add_client_options(room.get(), found.length, found.opt, limit, view_.asked,
                                             now_ % 2 == 0 ? nullptr : cookie, settings);
    require(length >= found.length && length <= limit);
    // A cookie that fits is present, whatever other options were asked for.
    if (now_ % 2 == 1 && found.length + kCookieOptionSize <= limit) {
      MessageView grown;
      grown.options_offset = static_cast<uint16_t>(found.opt + 11);
      grown.options_length = static_cast<uint16_t>(length - found.opt - 11);
      size_t size;
      require(find_cookie(room.get(), grown, &size) != nullptr && size == sizeof cookie);
    }
    require(read16(room.get() + found.opt + 9) == length - found.opt - 11);
    require(memcmp(room.get(), reply, found.opt + 9) == 0);
  }

  test::TestCache cache_;
  std::map<std::string, Stored> model_;
  Origin origin_;
  uint32_t now_ = 1000;
  std::string query_;
  MessageView view_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t length) {
  Input input(data, length);
  Run run;
  while (!input.done()) run.step(&input);
  return 0;
}
