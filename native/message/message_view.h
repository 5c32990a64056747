// A bounds-checked look at a DNS message: header, question, OPT. Nothing is copied or allocated; a message that says
// `kQuery` is well formed from its first byte to its last.
#ifndef MULTISOCKET_MESSAGE_VIEW_H_
#define MULTISOCKET_MESSAGE_VIEW_H_

#include <cstddef>
#include <cstdint>

namespace multisocket {

// Our own limit for UDP payloads, as the DNS flag day of 2020 has it: it passes every usual path in one piece.
constexpr uint16_t kPayloadSize = 1232;

enum class Verdict {
  kQuery,           // a well-formed question, for a handler
  kShort,           // less than a header: nothing to answer to
  kResponse,        // QR=1: answering it would make a loop between two servers
  kFormatError,     // FORMERR
  kNotImplemented,  // an opcode other than QUERY: NOTIMP
  kBadVersion,      // EDNS version above 0: BADVERS
};

// Options whose answer depends on nothing but that they are there.
constexpr uint16_t kOptionNsid = 3;        // RFC 5001
constexpr uint16_t kOptionKeepalive = 11;  // RFC 7828
constexpr uint16_t kOptionPadding = 12;    // RFC 7830

// Those that a query has; bits. Its identifier and its padding may hold whatever they like.
enum AskedOption : uint8_t {
  kAskedNsid = 1,
  kAskedKeepalive = 2,
  kAskedPadding = 4,
  kKeepaliveWithTime = 8,  // in a stream a format error: it is the server who says the time (RFC 7828 s.3.2.1)
};

struct MessageView {
  uint16_t id = 0;
  uint16_t flags = 0;
  uint16_t qtype = 0;
  uint16_t qclass = 0;
  uint16_t qname_length = 0;  // octets, with the root's
  uint16_t question_end = 0;  // offset of the first byte after the question
  bool has_opt = false;
  uint16_t payload_size = 0;  // OPT: the requestor's UDP payload size, as sent
  uint16_t opt_flags = 0;     // OPT: the lower half of its TTL field; DO is 0x8000
  uint16_t options_offset = 0;
  uint16_t options_length = 0;
  uint8_t asked = 0;           // of AskedOption
  uint16_t other_records = 0;  // besides the question and OPT: TSIG, SIG(0), the SOA of IXFR
};

// Examines `length` bytes (at most 65,535) and fills `view` as far as it got; all of it when the verdict is kQuery or
// kBadVersion. The work is bounded by the length: a query holds one question and at most four more records.
Verdict examine(const uint8_t* message, size_t length, MessageView* view);

// Replaces a message by the reply that its verdict asks for and returns the reply's length, which is never more than
// the message's was; 0 where the verdict asks for none. A header alone for FORMERR and NOTIMP; BADVERS has question and
// OPT, with `payload_size` as ours.
size_t make_error_reply(uint8_t* message, const MessageView& view, Verdict verdict, uint16_t payload_size);

// Writes the question's name in presentation form (RFC 1035 s.5.1: `\.`, `\\`, `\DDD` for what is not printable or is a
// space) without the last dot, the root as `.`: first in lower case, then, when the client's spelling differs, as sent.
// `text` has room for 2 * layout::kMaxText. Returns the length of one of them; `*spelling` is where the second starts.
size_t write_name(const uint8_t* message, char* text, size_t* spelling);

}  // namespace multisocket

#endif  // MULTISOCKET_MESSAGE_VIEW_H_
