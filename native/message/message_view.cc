#include "message/message_view.h"

#include <cstring>

#include "message/client_subnet.h"
#include "message/names.h"
#include "message/records.h"
#include "message/update.h"
#include "message/wire.h"

namespace multisocket {
namespace {

// The most records that a query can have besides its question: an SOA in the authority section (IXFR, RFC 1995 s.3),
// and OPT and TSIG or SIG(0) in the additional section. A message with larger counts is invalid.
constexpr uint16_t kMaxAnswers = 1;
constexpr uint16_t kMaxAuthorities = 1;
constexpr uint16_t kMaxAdditionals = 2;

// Reads options, which must fill the RDATA exactly (RFC 6891 s.6.1.2). A Client Subnet must be well-formed (RFC 7871
// s.7.1.2). `*asked`: the options that are answered because
// they are present.
bool read_options(const uint8_t* options, size_t length, uint8_t* asked) {
  size_t at = 0;
  while (at + 4 <= length) {
    const uint16_t size = read16(options + at + 2);
    switch (read16(options + at)) {
      case kOptionNsid:
        *asked |= kAskedNsid;
        break;
      case kOptionKeepalive:
        *asked |= size == 0 ? kAskedKeepalive : kKeepaliveWithTime;
        break;
      case kOptionPadding:
        *asked |= kAskedPadding;
        break;
      case kOptionClientSubnet:
        if (at + 4 + size > length || !is_client_subnet(options + at + 4, size)) return false;
        break;
      default:
        break;
    }
    at += 4U + size;
  }
  return at == length;
}

// Reads the only question (RFC 9619, RFC 2136 s.2.3). Returns false if there is none, or another one.
bool read_question(const uint8_t* message, size_t length, MessageView* view) {
  if (read16(message + 4) != 1) return false;
  const size_t at = skip_plain_name(message, length, kHeaderSize);
  if (at == 0 || at + 4 > length) return false;
  view->qname_length = static_cast<uint16_t>(at - kHeaderSize);
  view->qtype = read16(message + at);
  view->qclass = read16(message + at + 2);
  view->question_end = static_cast<uint16_t>(at + 4);
  return true;
}

// Reads `before` records and the additional section, up to the end of the message. `suits`: says whether a record may
// have its number; it is not asked about OPT.
template <class Suits>
Verdict examine_records(const uint8_t* message, size_t length, unsigned before, unsigned additionals, MessageView* view,
                        const Suits& suits) {
  uint8_t version = 0;
  size_t at = view->question_end;
  const unsigned records = before + additionals;
  for (unsigned i = 0; i < records; i++) {
    const size_t owner = at;
    at = skip_name(message, length, at);
    if (at == 0 || at + kRecordFixedSize > length) return Verdict::kFormatError;
    const uint16_t type = read16(message + at);
    const size_t rdlength = read16(message + at + 8);
    const size_t rdata = at + kRecordFixedSize;
    if (rdata + rdlength > length) return Verdict::kFormatError;
    if (type == kTypeOpt) {
      // An OPT is the only one, has the root as its owner, and is in the additional section (RFC 6891 s.6.1.1 and
      // 6.1.2).
      if (view->has_opt || i < before || message[owner] != 0) return Verdict::kFormatError;
      view->has_opt = true;
      view->payload_size = read16(message + at + 2);
      version = message[at + 5];
      view->opt_flags = read16(message + at + 6);
      view->options_offset = static_cast<uint16_t>(rdata);
      view->options_length = static_cast<uint16_t>(rdlength);
    } else {
      const Record record = {
          owner, rdata, type, read16(message + at + 2), read32(message + at + 4), static_cast<uint16_t>(rdlength)};
      if (!suits(record, i)) return Verdict::kFormatError;
      view->has_own_reply = true;
      if (type == kTypeTsig) {
        // RFC 8945 s.5.1, s.4.2. No other record can follow, and so no other TSIG.
        const bool is_last = i >= before && i + 1 == records;
        if (!is_last || record.klass != kClassAny || record.ttl != 0 || !has_shape(message, record)) {
          return Verdict::kFormatError;
        }
        view->tsig = static_cast<uint16_t>(owner);
      }
    }
    at = rdata + rdlength;
  }
  if (at != length) return Verdict::kFormatError;
  // The version is checked first: the format of the options in a later version is unknown.
  if (version != 0) return Verdict::kBadVersion;
  if (!read_options(message + view->options_offset, view->options_length, &view->asked)) return Verdict::kFormatError;
  return Verdict::kQuery;
}

// Examines a message with an opcode other than QUERY.
Verdict examine_other(const uint8_t* message, size_t length, MessageView* view, Opcodes opcodes) {
  const unsigned opcode = (view->flags & kOpcodeMask) >> kOpcodeShift;
  if ((opcodes >> opcode & 1) == 0) return Verdict::kNotImplemented;
  view->has_own_reply = true;
  if (!read_question(message, length, view)) return Verdict::kFormatError;
  const unsigned answers = read16(message + 6);
  const unsigned before = answers + read16(message + 8);
  const unsigned additionals = read16(message + 10);
  if (opcode == kOpcodeUpdate) {
    if (!is_zone(view->qtype, view->qclass)) return Verdict::kFormatError;
    return examine_records(message, length, before, additionals, view, [&](const Record& record, unsigned i) {
      if (i < answers) return is_prerequisite(message, record, view->qclass);
      return i < before ? is_change(message, record, view->qclass) : has_shape(message, record);
    });
  }
  return examine_records(message, length, before, additionals, view,
                         [&](const Record& record, unsigned) { return has_shape(message, record); });
}

}  // namespace

Verdict examine(const uint8_t* message, size_t length, MessageView* view, Opcodes opcodes) {
  if (length < kHeaderSize) return Verdict::kShort;
  view->id = read16(message);
  view->flags = read16(message + 2);
  if (view->flags & kFlagQr) return Verdict::kResponse;
  if (view->flags & kOpcodeMask) return examine_other(message, length, view, opcodes);

  const uint16_t answers = read16(message + 6);
  const uint16_t authorities = read16(message + 8);
  const uint16_t additionals = read16(message + 10);
  if (answers > kMaxAnswers || authorities > kMaxAuthorities || additionals > kMaxAdditionals ||
      !read_question(message, length, view)) {
    return Verdict::kFormatError;
  }
  return examine_records(message, length, answers + authorities, additionals, view,
                         [](const Record&, unsigned) { return true; });
}

size_t make_error_reply(uint8_t* message, const MessageView& view, Verdict verdict, uint16_t payload_size) {
  uint16_t flags = kFlagQr | (view.flags & kOpcodeMask);
  switch (verdict) {
    case Verdict::kFormatError:
      flags |= (view.flags & kFlagRd) | kRcodeFormErr;
      break;
    case Verdict::kNotImplemented:
      flags |= kRcodeNotImp;
      break;
    case Verdict::kBadVersion:
      flags |= view.flags & kFlagRd;
      break;
    default:
      return 0;
  }
  write16(message + 2, flags);
  memset(message + 4, 0, 8);
  if (verdict != Verdict::kBadVersion) return kHeaderSize;

  message[5] = 1;
  message[11] = 1;
  uint8_t* opt = message + view.question_end;
  opt[0] = 0;
  write16(opt + 1, kTypeOpt);
  write16(opt + 3, payload_size);
  opt[5] = kRcodeBadVers >> 4;  // the upper eight bits of the extended RCODE (RFC 6891 s.6.1.3)
  opt[6] = 0;                   // the highest version that we support
  write16(opt + 7, view.opt_flags & kFlagDo);
  write16(opt + 9, 0);
  return view.question_end + 11U;
}

size_t write_name(const uint8_t* message, char* text, size_t* spelling) {
  const uint8_t* at = message + kHeaderSize;
  char* out = text;
  bool upper = false;
  if (*at == 0) *out++ = '.';
  while (*at != 0) {
    if (out != text) *out++ = '.';
    for (unsigned left = *at++; left > 0; left--) {
      const uint8_t octet = *at++;
      if (octet <= ' ' || octet > '~') {
        *out++ = '\\';
        *out++ = static_cast<char>('0' + octet / 100);
        *out++ = static_cast<char>('0' + octet / 10 % 10);
        *out++ = static_cast<char>('0' + octet % 10);
        continue;
      }
      if (octet == '.' || octet == '\\') *out++ = '\\';
      const bool is_upper = octet >= 'A' && octet <= 'Z';
      upper |= is_upper;
      *out++ = static_cast<char>(is_upper ? octet | 0x20 : octet);
    }
  }
  const auto length = static_cast<size_t>(out - text);
  *spelling = 0;
  if (upper) {
    // Escapes are equal in both spellings. Only letters differ, at the same places.
    *spelling = length;
    memcpy(out, text, length);
    at = message + kHeaderSize;
    size_t place = 0;
    while (*at != 0) {
      if (place != 0) place++;
      for (unsigned left = *at++; left > 0; left--) {
        const uint8_t octet = *at++;
        if (octet <= ' ' || octet > '~') {
          place += 4;
          continue;
        }
        if (octet == '.' || octet == '\\') place++;
        out[place++] = static_cast<char>(octet);
      }
    }
  }
  return length;
}

}  // namespace multisocket
