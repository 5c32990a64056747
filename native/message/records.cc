#include "message/records.h"

#include "message/names.h"
#include "message/wire.h"

namespace multisocket {
namespace {

// A field of RDATA: a number of octets, or one of these.
enum Field : int8_t {
  kEnd = 0,
  kName = -1,       // may be compressed: types of RFC 1035, and types of RFC 3597 s.4 that old senders compress
  kPlainName = -2,  // without pointers
  kText = -3,       // a character-string (RFC 1035 s.3.3)
  kTexts = -4,      // one or more character-strings
  kPairs = -5,      // any number of: a 16-bit code, a 16-bit length, octets
  kRest = -6,       // any octets
  kSized = -7,      // a 16-bit length, octets
};

struct Shape {
  uint16_t type;
  int8_t fields[6];
};

// The most frequent types come first.
constexpr Shape kShapes[] = {
    {1, {4}},                                         // A
    {28, {16}},                                       // AAAA
    {5, {kName}},                                     // CNAME
    {46, {18, kPlainName, kRest}},                    // RRSIG
    {2, {kName}},                                     // NS
    {6, {kName, kName, 20}},                          // SOA
    {65, {2, kPlainName, kPairs}},                    // HTTPS
    {12, {kName}},                                    // PTR
    {15, {2, kName}},                                 // MX
    {16, {kTexts}},                                   // TXT
    {kTypeOpt, {kPairs}},                             // OPT
    {33, {6, kName}},                                 // SRV
    {43, {4, kRest}},                                 // DS
    {48, {4, kRest}},                                 // DNSKEY
    {47, {kPlainName, kRest}},                        // NSEC
    {50, {4, kText, kText, kRest}},                   // NSEC3
    {51, {4, kText}},                                 // NSEC3PARAM
    {52, {3, kRest}},                                 // TLSA
    {53, {3, kRest}},                                 // SMIMEA
    {64, {2, kPlainName, kPairs}},                    // SVCB
    {257, {1, kText, kRest}},                         // CAA
    {35, {4, kText, kText, kText, kName}},            // NAPTR
    {39, {kPlainName}},                               // DNAME
    {3, {kName}},                                     // MD
    {4, {kName}},                                     // MF
    {7, {kName}},                                     // MB
    {8, {kName}},                                     // MG
    {9, {kName}},                                     // MR
    {11, {5, kRest}},                                 // WKS
    {13, {kText, kText}},                             // HINFO
    {14, {kName, kName}},                             // MINFO
    {17, {kName, kName}},                             // RP
    {18, {2, kName}},                                 // AFSDB
    {19, {kText}},                                    // X25
    {20, {kTexts}},                                   // ISDN
    {21, {2, kName}},                                 // RT
    {23, {kPlainName}},                               // NSAP-PTR
    {24, {18, kName, kRest}},                         // SIG
    {25, {4, kRest}},                                 // KEY
    {26, {2, kName, kName}},                          // PX
    {27, {kText, kText, kText}},                      // GPOS
    {29, {16}},                                       // LOC
    {30, {kName, kRest}},                             // NXT
    {36, {2, kPlainName}},                            // KX
    {37, {5, kRest}},                                 // CERT
    {44, {2, kRest}},                                 // SSHFP
    {55, {4, kRest}},                                 // HIP
    {58, {kPlainName, kPlainName}},                   // TALINK
    {59, {4, kRest}},                                 // CDS
    {60, {4, kRest}},                                 // CDNSKEY
    {62, {6, kRest}},                                 // CSYNC
    {63, {6, kRest}},                                 // ZONEMD
    {99, {kTexts}},                                   // SPF
    {104, {10}},                                      // NID
    {105, {6}},                                       // L32
    {106, {10}},                                      // L64
    {107, {2, kPlainName}},                           // LP
    {108, {6}},                                       // EUI48
    {109, {8}},                                       // EUI64
    {249, {kPlainName, 16, kRest}},                   // TKEY
    {kTypeTsig, {kPlainName, 8, kSized, 4, kSized}},  // TSIG
    {256, {4, kRest}},                                // URI
};

// Returns the offset after the character-string at `at`, or 0 if the string exceeds `end`.
size_t skip_text(const uint8_t* message, size_t end, size_t at) {
  if (at >= end) return 0;
  const size_t next = at + 1U + message[at];
  return next <= end ? next : 0;
}

size_t skip_field(const uint8_t* message, size_t end, size_t at, int8_t field) {
  switch (field) {
    case kName:
      return skip_name(message, end, at);
    case kPlainName:
      return skip_plain_name(message, end, at);
    case kText:
      return skip_text(message, end, at);
    case kTexts:
      do at = skip_text(message, end, at);
      while (at != 0 && at < end);
      return at;
    case kPairs:
      while (at + 4 <= end) at += 4U + read16(message + at + 2);
      return at == end ? end : 0;
    case kRest:
      return end;
    case kSized:
      if (at + 2 > end) return 0;
      at += 2U + read16(message + at);
      return at <= end ? at : 0;
    default:
      return at + static_cast<size_t>(field) <= end ? at + static_cast<size_t>(field) : 0;
  }
}

const Shape* find_shape(uint16_t type, uint16_t klass) {
  // Addresses of other classes have other formats. All other types are the same in all classes.
  if (klass != kClassIn && (type == kTypeA || type == kTypeWks)) return nullptr;
  for (const Shape& shape : kShapes) {
    if (shape.type == type) return &shape;
  }
  return nullptr;
}

}  // namespace

bool has_shape(const uint8_t* message, const Record& record) {
  const Shape* shape = find_shape(record.type, record.klass);
  if (shape == nullptr) return true;
  const size_t end = record.rdata + record.rdlength;
  size_t at = record.rdata;
  for (const int8_t field : shape->fields) {
    if (field == kEnd) break;
    at = skip_field(message, end, at, field);
    if (at == 0) return false;
  }
  return at == end;
}

size_t read_record(const uint8_t* message, size_t length, size_t at, Record* record) {
  record->owner = at;
  at = skip_name(message, length, at);
  if (at == 0 || at + kRecordFixedSize > length) return 0;
  record->type = read16(message + at);
  record->klass = read16(message + at + 2);
  record->ttl = read32(message + at + 4);
  record->rdlength = read16(message + at + 8);
  record->rdata = at + kRecordFixedSize;
  const size_t end = record->rdata + record->rdlength;
  if (end > length || !has_shape(message, *record)) return 0;
  if (record->type == kTypeOpt && message[record->owner] != 0) return 0;
  return end;
}

}  // namespace multisocket
