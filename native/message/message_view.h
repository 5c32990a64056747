// A bounds-checked view of a DNS message: header, question, OPT. It copies and allocates nothing. A message with the
// verdict `kQuery` is well-formed from its first byte to its last.
#ifndef MULTISOCKET_MESSAGE_VIEW_H_
#define MULTISOCKET_MESSAGE_VIEW_H_

#include <cstddef>
#include <cstdint>

namespace multisocket {

// Our own limit for UDP payloads, from the DNS flag day of 2020. It passes all usual paths unfragmented.
constexpr uint16_t kPayloadSize = 1232;

// The opcodes that a server takes: bit n stands for opcode n.
using Opcodes = uint16_t;
constexpr Opcodes kQueryAlone = 1;

enum class Verdict {
  kQuery,           // a well-formed message with an opcode that the server takes, for a handler
  kShort,           // shorter than a header: it cannot be answered
  kResponse,        // QR=1: an answer could start a loop between two servers
  kFormatError,     // FORMERR
  kNotImplemented,  // an opcode that the server does not take: NOTIMP
  kBadVersion,      // EDNS version above 0: BADVERS
};

// Options whose answer depends only on their presence.
constexpr uint16_t kOptionNsid = 3;        // RFC 5001
constexpr uint16_t kOptionKeepalive = 11;  // RFC 7828
constexpr uint16_t kOptionPadding = 12;    // RFC 7830

// Which of these options a query has, as bits. The data of NSID and padding may have any content.
enum AskedOption : uint8_t {
  kAskedNsid = 1,
  kAskedKeepalive = 2,
  kAskedPadding = 4,
  kKeepaliveWithTime = 8,  // a format error in a stream: only the server gives the time (RFC 7828 s.3.2.1)
};

struct MessageView {
  uint16_t id = 0;
  uint16_t flags = 0;
  uint16_t qtype = 0;
  uint16_t qclass = 0;
  uint16_t qname_length = 0;  // octets, including the root's
  uint16_t question_end = 0;  // offset of the first byte after the question
  bool has_opt = false;
  uint16_t payload_size = 0;  // OPT: the requestor's UDP payload size, as sent
  uint16_t opt_flags = 0;     // OPT: the lower half of the TTL field; DO is 0x8000
  uint16_t options_offset = 0;
  uint16_t options_length = 0;
  uint8_t asked = 0;           // bits of AskedOption
  bool has_own_reply = false;  // an opcode other than QUERY, or a record besides OPT: no other message gets its reply
  uint16_t tsig = 0;           // offset of the TSIG record, which is the last one; 0: none, or not checked
};

// Examines `length` bytes (at most 65,535). Fills `view` completely if the verdict is kQuery or kBadVersion, and
// otherwise as far as the message was read. The length bounds the work: a query has one question and at most four other
// records. An UPDATE has the form of RFC 2136 s.2, its records included; a NOTIFY has any number of well-formed
// records. A TSIG is the last record and well-formed (RFC 8945 s.5.1).
Verdict examine(const uint8_t* message, size_t length, MessageView* view, Opcodes opcodes = kQueryAlone);

// Replaces a message by the error reply for its verdict. Returns the length of the reply, which is at most that of the
// message, or 0 if the verdict calls for no error reply. FORMERR and NOTIMP consist of a header. BADVERS has the
// question and an OPT with `payload_size` as our size.
size_t make_error_reply(uint8_t* message, const MessageView& view, Verdict verdict, uint16_t payload_size);

// Writes the name of the question in presentation form (RFC 1035 s.5.1: `\.`, `\\`, and `\DDD` for a space or an octet
// that is not printable), without the last dot; the root is `.`. The lower-case form comes first. The client's spelling
// follows if it differs. `text` has room for 2 * layout::kMaxText. Returns the length of one spelling; `*spelling` is
// the offset of the client's.
size_t write_name(const uint8_t* message, char* text, size_t* spelling);

}  // namespace multisocket

#endif  // MULTISOCKET_MESSAGE_VIEW_H_
