// What the tests of native code share: counted checks, and messages.
#ifndef MULTISOCKET_TEST_CHECK_H_
#define MULTISOCKET_TEST_CHECK_H_

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>

#include "message/message_view.h"

namespace multisocket::test {

struct Tally {
  unsigned checks = 0;
  unsigned failures = 0;
};

inline Tally& tally() {
  static Tally instance;
  return instance;
}

inline void check(bool holds, const char* what, const char* file, int line) {
  tally().checks++;
  if (holds) return;
  tally().failures++;
  fprintf(stderr, "%s:%d: not so: %s\n", file, line, what);
}

#define CHECK(condition) ::multisocket::test::check((condition), #condition, __FILE__, __LINE__)

// Returns the exit code of a test and writes the count as its last line of output.
inline int conclude() {
  printf("%u checks, %u failures\n", tally().checks, tally().failures);
  return tally().failures == 0 && tally().checks > 0 ? 0 : 1;
}

inline const uint8_t* octets(const std::string& text) { return reinterpret_cast<const uint8_t*>(text.data()); }

inline std::string number16(unsigned value) {
  return {static_cast<char>(value >> 8 & 0xff), static_cast<char>(value & 0xff)};
}

inline std::string number32(uint32_t value) { return number16(value >> 16) + number16(value & 0xffff); }

// A name in wire format; "" is the root.
inline std::string wire_name(const std::string& text) {
  std::string wire;
  for (size_t at = 0; at < text.size();) {
    const size_t dot = text.find('.', at);
    const size_t end = dot == std::string::npos ? text.size() : dot;
    wire += static_cast<char>(end - at);
    wire.append(text, at, end - at);
    at = end + 1;
  }
  return wire + '\0';
}

inline std::string record(const std::string& owner, unsigned type, uint32_t ttl, const std::string& rdata) {
  return owner + number16(type) + number16(1) + number32(ttl) + number16(static_cast<unsigned>(rdata.size())) + rdata;
}

inline std::string option(unsigned code, const std::string& data) {
  return number16(code) + number16(static_cast<unsigned>(data.size())) + data;
}

inline std::string opt_record(unsigned size, unsigned flags, const std::string& options) {
  return std::string(1, '\0') + number16(41) + number16(size) + number16(0) + number16(flags) +
         number16(static_cast<unsigned>(options.size())) + options;
}

// A TSIG record without a MAC (RFC 8945 s.4.2).
inline std::string tsig_record(const std::string& key) {
  const std::string rdata = wire_name("hmac-sha256") + std::string(16, '\0');
  return wire_name(key) + number16(250) + number16(255) + number32(0) + number16(static_cast<unsigned>(rdata.size())) +
         rdata;
}

// A query, by its fields.
struct Query {
  unsigned id = 0x1234;
  unsigned flags = 0x0100;
  std::string name = "www.example.org";
  unsigned type = 1;
  unsigned klass = 1;
  bool opt = false;
  unsigned payload_size = 1232;
  unsigned opt_flags = 0;
  std::string options;
  std::string additional;  // a record before the OPT
  std::string last;        // a record after it

  std::string question() const { return wire_name(name) + number16(type) + number16(klass); }
  std::string message() const {
    const unsigned additionals = (opt ? 1 : 0) + (additional.empty() ? 0 : 1) + (last.empty() ? 0 : 1);
    return number16(id) + number16(flags) + number16(1) + number16(0) + number16(0) + number16(additionals) +
           question() + additional + (opt ? opt_record(payload_size, opt_flags, options) : "") + last;
  }
};

// A message with the verdict kQuery, and its view.
struct Examined {
  explicit Examined(const Query& query) : Examined(query.message()) {}
  explicit Examined(std::string message) : bytes(std::move(message)) {
    CHECK(examine(octets(bytes), bytes.size(), &view) == Verdict::kQuery);
  }
  const uint8_t* data() const { return octets(bytes); }

  std::string bytes;
  MessageView view;
};

}  // namespace multisocket::test

#endif  // MULTISOCKET_TEST_CHECK_H_
