// Tests of headers of the PROXY protocol: what is read, and who is believed.
#include "message/proxy_protocol.h"

#include <string>

#include "check.h"

using namespace multisocket;
using namespace multisocket::test;

namespace {

using Result = ProxyHeader::Result;
using Verdict = ProxyProtocol::Verdict;

const std::string kSignature("\r\n\r\n\0\r\nQUIT\n", 12);

std::string mapped(uint8_t a, uint8_t b, uint8_t c, uint8_t d) {
  return std::string(10, '\0') + "\xff\xff" + std::string{char(a), char(b), char(c), char(d)};
}

std::string text_of(const uint8_t* address) { return std::string(reinterpret_cast<const char*>(address), 16); }

std::string binary(uint8_t command, uint8_t family, const std::string& block) {
  return kSignature + std::string{char(command), char(family), char(block.size() >> 8), char(block.size())} + block;
}

// 192.0.2.1:1234 to 198.51.100.53:53.
const std::string kEnds4("\xc0\x00\x02\x01\xc6\x33\x64\x35\x04\xd2\x00\x35", 12);
const std::string kEnds6 = "\x20\x01\x0d\xb8" + std::string(11, '\0') + "\x01" + "\x20\x01\x0d\xb8" +
                           std::string(11, '\0') + "\x35" + std::string("\x04\xd2\x00\x35", 4);

Result result_of(const std::string& text, ProxyHeader* header) {
  *header = {};
  return header->read(octets(text), text.size());
}

bool is_invalid(const std::string& text) {
  ProxyHeader header;
  return result_of(text, &header) == Result::kInvalid;
}

// Reads the text with a query behind it, and each beginning of it alone.
ProxyHeader read_whole(const std::string& text) {
  ProxyHeader header;
  for (size_t size = 0; size < text.size(); size++) CHECK(result_of(text.substr(0, size), &header) == Result::kMore);
  CHECK(result_of(text + "\x01more", &header) == Result::kHeader);
  CHECK(header.size == text.size());
  return header;
}

bool has_ends4(const ProxyHeader& header) {
  return header.has_ends && text_of(header.client) == mapped(192, 0, 2, 1) && header.client_port == 1234 &&
         text_of(header.local) == mapped(198, 51, 100, 53) && header.local_port == 53;
}

bool has_ends6(const ProxyHeader& header) {
  return header.has_ends && text_of(header.client) == kEnds6.substr(0, 16) && header.client_port == 1234 &&
         text_of(header.local) == kEnds6.substr(16, 16) && header.local_port == 53;
}

void version_1_is_read() {
  CHECK(has_ends4(read_whole("PROXY TCP4 192.0.2.1 198.51.100.53 1234 53\r\n")));
  CHECK(has_ends6(read_whole("PROXY TCP6 2001:db8::1 2001:db8::35 1234 53\r\n")));
  CHECK(read_whole("PROXY TCP4 192.0.2.1 198.51.100.53 0 65535\r\n").local_port == 65535);
  CHECK(!read_whole("PROXY UNKNOWN\r\n").has_ends);
  CHECK(!read_whole("PROXY UNKNOWN whatever this may be\r\n").has_ends);
  // The longest one of the specification.
  const std::string ones = "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff";
  const std::string longest = "PROXY UNKNOWN " + ones + " " + ones + " 65535 65535\r\n";
  CHECK(longest.size() == 107);
  CHECK(!read_whole(longest).has_ends);
}

void invalid_headers_of_version_1_are_refused() {
  for (const char* line : {
           "PROXY \r\n",
           "PROXY\tTCP4",
           "PROXY TCP4\r\n",
           "PROXY TCP5 192.0.2.1 198.51.100.53 1234 53\r\n",
           "PROXY tcp4 192.0.2.1 198.51.100.53 1234 53\r\n",
           "PROXY TCP4 192.0.2.1 198.51.100.53 1234 53\n",
           "PROXY TCP4 192.0.2.1 198.51.100.53 1234\r\n",
           "PROXY TCP4 192.0.2.1 198.51.100.53 1234 53 \r\n",
           "PROXY TCP4  192.0.2.1 198.51.100.53 1234 53\r\n",
           "PROXY TCP4 192.0.2.1 198.51.100.53 1234 65536\r\n",
           "PROXY TCP4 192.0.2.1 198.51.100.53 01234 53\r\n",
           "PROXY TCP4 192.0.2.1 198.51.100.53 -1 53\r\n",
           "PROXY TCP4 192.0.2.256 198.51.100.53 1234 53\r\n",
           "PROXY TCP4 192.0.2.01 198.51.100.53 1234 53\r\n",
           "PROXY TCP4 2001:db8::1 2001:db8::35 1234 53\r\n",
           "PROXY TCP6 192.0.2.1 198.51.100.53 1234 53\r\n",
           "PROXY TCP6 2001:db8::1%lo 2001:db8::35 1234 53\r\n",
           "PROXY TCP4 192.0.2.1 198.51.100.53 1234 53\r\r\n",
       }) {
    ProxyHeader header;
    // Without the space after its first word it is no header at all.
    const Result expected = line[5] == ' ' ? Result::kInvalid : Result::kNone;
    CHECK(result_of(line, &header) == expected);
  }
  ProxyHeader header;
  CHECK(result_of("PROXY " + std::string(100, 'x'), &header) == Result::kMore);
  CHECK(is_invalid("PROXY " + std::string(101, 'x')));
  CHECK(is_invalid("PROXY UNKNOWN " + std::string(92, 'x') + "\r\n"));
}

void version_2_is_read() {
  CHECK(has_ends4(read_whole(binary(0x21, 0x11, kEnds4))));
  CHECK(has_ends4(read_whole(binary(0x21, 0x12, kEnds4))));
  CHECK(has_ends6(read_whole(binary(0x21, 0x21, kEnds6))));
  CHECK(has_ends6(read_whole(binary(0x21, 0x22, kEnds6))));
  // TLVs follow: here 1,000 octets.
  CHECK(has_ends4(read_whole(binary(0x21, 0x11, kEnds4 + std::string(1000, '\x04')))));
  CHECK(!read_whole(binary(0x20, 0x00, "")).has_ends);
  CHECK(!read_whole(binary(0x20, 0x11, kEnds4)).has_ends);
  CHECK(!read_whole(binary(0x20, 0x77, "x")).has_ends);  // LOCAL: the rest is ignored
  CHECK(!read_whole(binary(0x21, 0x00, "")).has_ends);
  CHECK(!read_whole(binary(0x21, 0x00, "anything")).has_ends);
  CHECK(!read_whole(binary(0x21, 0x31, std::string(216, 'u'))).has_ends);
}

void invalid_headers_of_version_2_are_refused() {
  CHECK(is_invalid(binary(0x11, 0x11, kEnds4)));  // version 1 in binary form
  CHECK(is_invalid(binary(0x22, 0x11, kEnds4)));
  CHECK(is_invalid(binary(0x21, 0x01, kEnds4)) && is_invalid(binary(0x21, 0x10, kEnds4)));
  CHECK(is_invalid(binary(0x21, 0x13, kEnds4)) && is_invalid(binary(0x21, 0x41, kEnds4)));
  CHECK(is_invalid(binary(0x21, 0x11, kEnds4.substr(1))) && is_invalid(binary(0x21, 0x21, kEnds6.substr(1))));
  CHECK(is_invalid(binary(0x21, 0x31, std::string(215, 'u'))));
  const size_t most = ProxyHeader::kMost - 16;
  CHECK(has_ends4(read_whole(binary(0x21, 0x11, kEnds4 + std::string(most - 12, 't')))));
  CHECK(is_invalid(binary(0x21, 0x11, kEnds4 + std::string(most - 11, 't'))));
}

void queries_are_no_headers() {
  ProxyHeader header;
  CHECK(result_of(std::string("\0\x1d\x12\x34", 4), &header) == Result::kNone);
  CHECK(result_of(std::string("\r\n\r\n\0\r\nQUIX", 12), &header) == Result::kNone);
  CHECK(result_of("PRI * HTTP/2.0\r\n", &header) == Result::kNone);
  CHECK(result_of("POST /dns-query HTTP/1.1\r\n", &header) == Result::kNone);
  CHECK(result_of("\x16\x03\x01", &header) == Result::kNone);
}

void only_proxies_are_believed() {
  const std::string proxy = mapped(10, 0, 0, 1);
  const std::string stranger = mapped(10, 0, 1, 1);
  const std::string header2 = binary(0x21, 0x12, kEnds4);
  const std::string header1 = "PROXY TCP4 192.0.2.1 198.51.100.53 1234 53\r\n";
  const std::string query("\x12\x34\x01\x00\x00\x01", 6);
  for (const bool required : {false, true}) {
    for (const auto others :
         {ProxyProtocol::Others::kData, ProxyProtocol::Others::kSkip, ProxyProtocol::Others::kRefuse}) {
      ProxyProtocol::Options options;
      options.from = {Network(octets(mapped(10, 0, 0, 0)), 96 + 24)};
      options.required = required;
      options.others = others;
      const ProxyProtocol policy(options);
      ProxyHeader header;
      const auto verdict = [&](const std::string& text, const std::string& peer) {
        return policy.read(octets(text), text.size(), octets(peer), &header);
      };
      const auto datagram = [&](const std::string& text, const std::string& peer) {
        return policy.read_datagram(octets(text), text.size(), octets(peer), &header);
      };
      const Verdict bare = required ? Verdict::kRefused : Verdict::kDone;
      CHECK(policy.trusts(octets(proxy)) && !policy.trusts(octets(stranger)));
      CHECK(verdict(header2, proxy) == Verdict::kDone && has_ends4(header) && header.size == header2.size());
      CHECK(datagram(header2, proxy) == Verdict::kDone && has_ends4(header));
      CHECK(verdict(header1, proxy) == Verdict::kDone && has_ends4(header));
      CHECK(datagram(header1, proxy) == Verdict::kRefused);
      CHECK(verdict(query, proxy) == bare && datagram(query, proxy) == bare);
      CHECK(verdict(query, stranger) == bare && datagram(query, stranger) == bare);
      CHECK(verdict(header2.substr(0, 20), proxy) == Verdict::kMore);
      CHECK(datagram(header2.substr(0, 20), proxy) == Verdict::kRefused);
      const bool done = !required && others != ProxyProtocol::Others::kRefuse;
      const size_t skipped = done && others == ProxyProtocol::Others::kSkip ? header2.size() : 0;
      const Verdict expected = done ? Verdict::kDone : Verdict::kRefused;
      const auto is_not_believed = [&]() { return !done || (!header.has_ends && header.size == skipped); };
      CHECK(verdict(header2, stranger) == expected && is_not_believed());
      CHECK(datagram(header2, stranger) == expected && is_not_believed());
      CHECK(policy.examines(octets(stranger)) == (required || others != ProxyProtocol::Others::kData));
    }
  }
}

}  // namespace

int main() {
  version_1_is_read();
  invalid_headers_of_version_1_are_refused();
  version_2_is_read();
  invalid_headers_of_version_2_are_refused();
  queries_are_no_headers();
  only_proxies_are_believed();
  return conclude();
}
