// Tests of cookies by RFC 9018: its test vectors, and each rule by which a cookie is good, renewed or rejected.
#include "guard/server_cookies.h"

#include <cstring>
#include <string>

#include "check.h"

using namespace multisocket;
using namespace multisocket::test;

namespace {

std::string from_hex(const std::string& digits) {
  std::string bytes;
  for (size_t at = 0; at < digits.size(); at += 2) {
    bytes += static_cast<char>(std::stoi(digits.substr(at, 2), nullptr, 16));
  }
  return bytes;
}

std::string ipv4(unsigned a, unsigned b, unsigned c, unsigned d) {
  std::string address = from_hex("00000000000000000000ffff");
  for (const unsigned octet : {a, b, c, d}) address += static_cast<char>(octet);
  return address;
}

CookieSecrets secrets_of(std::initializer_list<const char*> digits) {
  CookieSecrets secrets;
  for (const char* each : digits) secrets.add(octets(from_hex(each)));
  return secrets;
}

struct Checked {
  CookieState state;
  std::string fresh;
};

Checked checked(const CookieSecrets& secrets, const std::string& cookie, const std::string& client, uint32_t now) {
  uint8_t fresh[kCookieSize] = {};
  const CookieState state = check_cookie(secrets, octets(cookie), cookie.size(), octets(client), now, fresh);
  return {state, std::string(reinterpret_cast<char*>(fresh), sizeof fresh)};
}

constexpr const char* kSecret = "e5e973e5a6b2a43f48e7dc849e37bfcf";

void test_vectors() {
  const CookieSecrets secrets = secrets_of({kSecret});
  // RFC 9018 A.1: a client without a server cookie.
  const Checked learning = checked(secrets, from_hex("2464c4abcf10c957"), ipv4(198, 51, 100, 100), 1559731985);
  CHECK(learning.state == CookieState::kClientOnly);
  CHECK(learning.fresh == from_hex("2464c4abcf10c957010000005cf79f111f8130c3eee29480"));

  // A.2: it returns 40 minutes later.
  const Checked renewing = checked(secrets, learning.fresh, ipv4(198, 51, 100, 100), 1559734385);
  CHECK(renewing.state == CookieState::kGood);
  CHECK(renewing.fresh == from_hex("2464c4abcf10c957010000005cf7a871d4a564a1442aca77"));

  // A.3: another client. Its cookie has a reserved field that is not 0, and is nearly two hours old.
  const std::string reserved = from_hex("fc93fc62807ddb8601abcdef5cf78f71a314227b6679ebf5");
  const Checked other = checked(secrets, reserved, ipv4(203, 0, 113, 203), 1559734700);
  CHECK(other.state == CookieState::kBad);
  CHECK(other.fresh == from_hex("fc93fc62807ddb86010000005cf7a9acf73a7810aca2381e"));
  // Reserved octets are hashed as received (s.4.2): that cookie was good while it was new.
  const Checked in_time = checked(secrets, reserved, ipv4(203, 0, 113, 203), 0x5cf78f71 + 60);
  CHECK(in_time.state == CookieState::kGood && in_time.fresh == reserved);

  // A.4: over IPv6, made with the previous secret.
  const CookieSecrets rolled = secrets_of({"445536bcd2513298075a5d379663c962", "dd3bdf9344b678b185a6f5cb60fca715"});
  const Checked ipv6 = checked(rolled, from_hex("22681ab97d52c298010000005cf7c57926556bd0934c72f8"),
                               from_hex("20010db80220000159ded0f4876982b8"), 1559741961);
  CHECK(ipv6.state == CookieState::kGood);
  CHECK(ipv6.fresh == from_hex("22681ab97d52c298010000005cf7c609a6bb79d16625507a"));
}

void test_ages() {
  const CookieSecrets secrets = secrets_of({kSecret});
  const std::string client = ipv4(192, 0, 2, 1);
  // Also when 32 bits of seconds wrap around (RFC 1982).
  for (const uint32_t made : {1559731985U, 0xfffffff0U, 0U, 3600U}) {
    const std::string cookie = checked(secrets, "clientAB", client, made).fresh;
    struct {
      int32_t age;
      bool good;
      bool kept;
    } const cases[] = {{0, true, true},      {1800, true, true},        {1801, true, false},
                       {3600, true, false},  {3601, false, false},      {-300, true, true},
                       {-301, false, false}, {INT32_MAX, false, false}, {INT32_MIN, false, false}};
    for (const auto& each : cases) {
      const uint32_t now = made + static_cast<uint32_t>(each.age);
      const Checked result = checked(secrets, cookie, client, now);
      CHECK((result.state == CookieState::kGood) == each.good);
      CHECK((result.fresh == cookie) == each.kept);
      CHECK(checked(secrets, result.fresh, client, now).state == CookieState::kGood);
    }
  }
}

void test_rollover() {
  const std::string client = ipv4(192, 0, 2, 1);
  const CookieSecrets old = secrets_of({kSecret});
  const CookieSecrets both = secrets_of({"00112233445566778899aabbccddeeff", kSecret});
  const CookieSecrets fresh = secrets_of({"00112233445566778899aabbccddeeff"});
  const std::string cookie = checked(old, "clientAB", client, 1000).fresh;
  const Checked rolled = checked(both, cookie, client, 1001);
  CHECK(rolled.state == CookieState::kGood);
  CHECK(rolled.fresh != cookie && rolled.fresh == checked(fresh, "clientAB", client, 1001).fresh);
  CHECK(checked(fresh, cookie, client, 1001).state == CookieState::kBad);
}

void test_forgeries() {
  const CookieSecrets secrets = secrets_of({kSecret});
  const std::string client = ipv4(192, 0, 2, 1);
  const std::string cookie = checked(secrets, "clientAB", client, 1000).fresh;
  CHECK(checked(secrets, cookie, client, 1000).state == CookieState::kGood);
  CHECK(checked(secrets, cookie, ipv4(192, 0, 2, 2), 1000).state == CookieState::kBad);
  CHECK(checked(secrets, cookie, from_hex("20010db8000000000000000000000001"), 1000).state == CookieState::kBad);
  for (size_t bit = 0; bit < cookie.size() * 8; bit++) {
    std::string changed = cookie;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << bit % 8));
    const Checked result = checked(secrets, changed, client, 1000);
    CHECK(result.state == CookieState::kBad);
    CHECK(result.fresh.substr(0, 8) == changed.substr(0, 8));
    CHECK(checked(secrets, result.fresh, client, 1000).state == CookieState::kGood);
  }
}

void test_lengths() {
  const CookieSecrets secrets = secrets_of({kSecret});
  const std::string client = ipv4(192, 0, 2, 1);
  for (size_t length = 0; length <= 64; length++) {
    const CookieState state = checked(secrets, std::string(length, 1), client, 1000).state;
    // RFC 7873 s.5.2.2: 8 octets, or 16 to 40.
    const CookieState expected = length == 8                    ? CookieState::kClientOnly
                                 : length >= 16 && length <= 40 ? CookieState::kBad
                                                                : CookieState::kMalformed;
    CHECK(state == expected);
  }
  uint8_t fresh[kCookieSize];
  CHECK(check_cookie(secrets, nullptr, 0, octets(client), 1000, fresh) == CookieState::kNone);
}

void test_finding() {
  Query query;
  query.opt = true;
  const auto found = [&] {
    const Examined examined(query);
    size_t length = 0;
    const uint8_t* cookie = find_cookie(examined.data(), examined.view, &length);
    return cookie == nullptr ? "none" : std::string(reinterpret_cast<const char*>(cookie), length);
  };
  CHECK(found() == "none");
  query.options = option(3, "");
  CHECK(found() == "none");
  // Only the first one counts (RFC 7873 s.5.2).
  query.options = option(3, "") + option(10, "clientAB") + option(10, "other");
  CHECK(found() == "clientAB");
  query.options = option(10, "");
  CHECK(found().empty());
  query.opt = false;
  query.options.clear();
  CHECK(found() == "none");
}

void test_without_question() {
  const std::string counts = number16(0) + number16(0) + number16(0) + number16(1);
  const std::string good = number16(7) + number16(0x0100) + counts + opt_record(1232, 0x8000, option(10, "clientAB"));
  MessageView view;
  CHECK(examine_without_question(octets(good), good.size(), &view));
  CHECK(view.id == 7 && view.flags == 0x0100 && view.has_opt && view.question_end == 12 && view.payload_size == 1232);
  CHECK(view.opt_flags == 0x8000 && view.options_offset == 23 && view.options_length == 12);
  CHECK(examine(octets(good), good.size(), &view) == Verdict::kFormatError);
  for (size_t length = 0; length < good.size(); length++) {
    CHECK(!examine_without_question(octets(good), length, &view));
  }
  const auto is_one = [&](const std::string& message) {
    return examine_without_question(octets(message), message.size(), &view);
  };
  CHECK(!is_one(good + '\0'));
  CHECK(!is_one(number16(7) + number16(0x8100) + good.substr(4)));  // a response
  CHECK(!is_one(number16(7) + number16(0x2000) + good.substr(4)));  // NOTIFY
  CHECK(!is_one(good.substr(0, 5) + '\1' + good.substr(6)));        // the header counts a question
  CHECK(!is_one(good.substr(0, 12) + '\1' + good.substr(13)));      // not the root
  CHECK(!is_one(good.substr(0, 14) + '\1' + good.substr(15)));      // TSIG or similar
  CHECK(!is_one(good.substr(0, 18) + '\1' + good.substr(19)));      // EDNS version 1
}

void test_option() {
  uint8_t option[kCookieOptionSize];
  const std::string cookie(kCookieSize, 'x');
  write_cookie_option(octets(cookie), option);
  CHECK(std::string(reinterpret_cast<char*>(option), sizeof option) == test::option(10, cookie));
}

}  // namespace

int main() {
  test_vectors();
  test_ages();
  test_rollover();
  test_forgeries();
  test_lengths();
  test_finding();
  test_without_question();
  test_option();
  return conclude();
}
