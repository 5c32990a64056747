// Tests of the rate limiter's accounts with a simulated clock.
#include "guard/rate_limiter.h"

#include <string>

#include "check.h"

using namespace multisocket;
using namespace multisocket::test;

namespace {

constexpr uint64_t kSecond = uint64_t{1} << 24;
constexpr uint64_t kClockRound = uint64_t{1} << 40;

std::string ipv4(unsigned address) { return std::string(10, '\0') + "\xff\xff" + number32(address); }

// An IPv6 address with these first and last 64 bits.
std::string ipv6(uint64_t high, uint64_t low) {
  std::string address;
  for (const uint64_t half : {high, low}) {
    address += number32(static_cast<uint32_t>(half >> 32)) + number32(static_cast<uint32_t>(half));
  }
  return address;
}

RateLimiter::Options all_at(uint32_t rate) {
  RateLimiter::Options options;
  options.rates[RateLimiter::kAll] = rate;
  options.table_size = 1024;
  return options;
}

unsigned passed(RateLimiter* limiter, const std::string& client, uint64_t now, unsigned tries) {
  unsigned count = 0;
  for (unsigned i = 0; i < tries; i++) count += limiter->charge(RateLimiter::kAll, octets(client), now % kClockRound);
  return count;
}

bool answer(RateLimiter* limiter, const std::string& client, const std::string& name, uint16_t type) {
  return limiter->charge(RateLimiter::kAnswers, octets(client), octets(name), name.size(), type, 0);
}

void test_rates() {
  const std::string client = ipv4(0xc0000201);
  for (const uint32_t rate : {1U, 3U, 10U, 1000U, 4096U, 100000U}) {
    // One second's worth at once, even when the clock wraps around.
    for (const uint64_t from : {5 * kSecond, kClockRound - kSecond / 2}) {
      RateLimiter limiter(all_at(rate));
      CHECK(passed(&limiter, client, from, rate) == rate);
      CHECK(passed(&limiter, client, from + kSecond, rate) == rate);
      const unsigned more = passed(&limiter, client, from + kSecond, rate);
      CHECK(rate <= 4096 ? more == 0 : more <= rate / 100);
    }
  }
  // Not above the rate: half a second restores half of it.
  RateLimiter limiter(all_at(10));
  CHECK(passed(&limiter, client, 0, 10) == 10);
  for (unsigned i = 1; i <= 20; i++) CHECK(passed(&limiter, client, i * (kSecond / 10), 1) == 1);
  CHECK(passed(&limiter, client, 2 * kSecond, 1) == 0);
}

void test_window() {
  const std::string client = ipv4(0xc0000201);
  RateLimiter::Options options = all_at(10);
  options.window = 5;
  RateLimiter limiter(options);
  // A flood owes no more than the window.
  CHECK(passed(&limiter, client, 0, 100000) == 10);
  CHECK(passed(&limiter, client, 4 * kSecond, 1) == 0);
  CHECK(passed(&limiter, client, 5 * kSecond + kSecond / 2, 1) == 1);
  // After a long rest it has one second's worth again, and no more.
  CHECK(passed(&limiter, client, 100 * kSecond, 1000) == 10);
}

// In a flood, threads that charge one account only read it most of the time: the charge of a moment later changes
// nothing.
void test_flood() {
  const std::string client = ipv4(0xc0000201);
  RateLimiter::Options options = all_at(10);
  options.window = 5;
  RateLimiter limiter(options);
  CHECK(passed(&limiter, client, 0, 1000) == 10);  // it owes six seconds' worth, the most
  CHECK(passed(&limiter, client, kSecond / 128, 1000) == 0);
  CHECK(passed(&limiter, client, 5 * kSecond + kSecond / 10 + kSecond / 256, 1) == 1);
  // A flood that goes on goes on counting.
  RateLimiter longer(options);
  for (unsigned i = 0; i <= 100; i++) CHECK(passed(&longer, client, i * kSecond / 10, 100) == (i == 0 ? 10 : 0));
  CHECK(passed(&longer, client, 15 * kSecond, 1) == 0);
  CHECK(passed(&longer, client, 15 * kSecond + kSecond / 2, 1) == 1);
}

void test_networks() {
  RateLimiter limiter(all_at(1));
  CHECK(passed(&limiter, ipv4(0xc0000201), 0, 1) == 1);
  CHECK(passed(&limiter, ipv4(0xc00002ff), 0, 1) == 0);  // the same /24
  CHECK(passed(&limiter, ipv4(0xc0000301), 0, 1) == 1);
  CHECK(passed(&limiter, ipv6(0x20010db800000000, 1), 0, 1) == 1);
  CHECK(passed(&limiter, ipv6(0x20010db8000000ff, 2), 0, 1) == 0);  // the same /56
  CHECK(passed(&limiter, ipv6(0x20010db800000100, 1), 0, 1) == 1);

  RateLimiter::Options options = all_at(1);
  options.ipv4_prefix_length = 32;
  options.ipv6_prefix_length = 127;
  RateLimiter fine(options);
  CHECK(passed(&fine, ipv4(0xc0000201), 0, 1) == 1);
  CHECK(passed(&fine, ipv4(0xc0000202), 0, 1) == 1);
  CHECK(passed(&fine, ipv6(1, 2), 0, 1) == 1);
  CHECK(passed(&fine, ipv6(1, 3), 0, 1) == 0);
  CHECK(passed(&fine, ipv6(1, 4), 0, 1) == 1);

  options.ipv4_prefix_length = 1;
  options.ipv6_prefix_length = 1;
  RateLimiter coarse(options);
  CHECK(passed(&coarse, ipv4(0x01000000), 0, 1) == 1);
  CHECK(passed(&coarse, ipv4(0x7fffffff), 0, 1) == 0);
  CHECK(passed(&coarse, ipv4(0x80000000), 0, 1) == 1);
}

void test_kinds() {
  RateLimiter::Options options;
  for (uint32_t& rate : options.rates) rate = 1;
  options.rates[RateLimiter::kErrors] = 0;
  RateLimiter limiter(options);
  const std::string client = ipv4(0xc0000201);
  const std::string name = wire_name("www.example.org");
  CHECK(limiter.charge(RateLimiter::kAll, octets(client), 0));
  CHECK(limiter.charge(RateLimiter::kNxDomain, octets(client), 0));
  CHECK(!limiter.charge(RateLimiter::kNxDomain, octets(client), 0));
  for (int i = 0; i < 100; i++) CHECK(limiter.charge(RateLimiter::kErrors, octets(client), 0));  // no limit

  CHECK(answer(&limiter, client, name, 1));
  CHECK(!answer(&limiter, client, name, 1));
  CHECK(!answer(&limiter, client, wire_name("WWW.eXample.org"), 1));
  CHECK(answer(&limiter, client, name, 28));
  CHECK(answer(&limiter, client, wire_name("www.example.net"), 1));
  CHECK(answer(&limiter, client, wire_name("ww.example.org"), 1));
  CHECK(answer(&limiter, client, wire_name(""), 1));
  CHECK(answer(&limiter, client, "", 0));
  CHECK(!answer(&limiter, client, "", 0));
  CHECK(answer(&limiter, ipv4(0xc0000301), name, 1));
  const std::string longest = std::string(1, 63) + std::string(63, 'a') + std::string(1, 63) + std::string(63, 'b') +
                              std::string(1, 63) + std::string(63, 'c') + std::string(1, 61) + std::string(61, 'd') +
                              '\0';
  CHECK(longest.size() == 255);
  CHECK(answer(&limiter, client, longest, 1));
  CHECK(!answer(&limiter, client, longest, 1));
}

void test_exempt() {
  RateLimiter::Options options = all_at(1);
  options.exempt.emplace_back(octets(ipv4(0xc0000200)), 96 + 25);
  options.exempt.emplace_back(octets(ipv6(0x20010db800000000, 0)), 32);
  options.exempt.emplace_back(octets(ipv6(1, 1)), 128);
  const RateLimiter limiter(options);
  CHECK(limiter.exempt(octets(ipv4(0xc0000200))) && limiter.exempt(octets(ipv4(0xc000027f))));
  CHECK(!limiter.exempt(octets(ipv4(0xc0000280))) && !limiter.exempt(octets(ipv4(0xc00001ff))));
  CHECK(limiter.exempt(octets(ipv6(0x20010db8ffffffff, 5))) && !limiter.exempt(octets(ipv6(0x20010db900000000, 0))));
  CHECK(limiter.exempt(octets(ipv6(1, 1))) && !limiter.exempt(octets(ipv6(1, 0))) &&
        !limiter.exempt(octets(ipv6(0, 1))));
  const Network everyone(octets(ipv6(0, 0)), 0);
  CHECK(everyone.has(octets(ipv4(1))) && everyone.has(octets(ipv6(UINT64_MAX, UINT64_MAX))));
}

// With more networks than accounts, memory does not grow, and flooding networks are remembered.
void test_full_table() {
  RateLimiter::Options options = all_at(1);
  options.table_size = 8;  // one bucket
  RateLimiter limiter(options);
  CHECK(limiter.size() == 64);
  const std::string flooder = ipv4(0x0a000000);
  CHECK(passed(&limiter, flooder, 0, 1000) == 1);
  // Each network has its own second's worth, and none of them replaces the flooder's account.
  for (unsigned i = 1; i <= 1000; i++) CHECK(passed(&limiter, ipv4(0x0b000000 + i * 256), 0, 1) == 1);
  CHECK(passed(&limiter, flooder, 0, 1) == 0);
  options.table_size = 9;
  CHECK(RateLimiter(options).size() == 128);
  options.table_size = 131072;
  CHECK(RateLimiter(options).size() == 1 << 20);
}

void test_clock() {
  const uint64_t first = RateLimiter::clock();
  const uint64_t second = RateLimiter::clock();
  CHECK(first < kClockRound && ((second - first) & (kClockRound - 1)) < 60 * kSecond);
}

}  // namespace

int main() {
  test_rates();
  test_window();
  test_flood();
  test_networks();
  test_kinds();
  test_exempt();
  test_full_table();
  test_clock();
  return conclude();
}
