// The numbers of DNS messages, and how messages hold them: the most significant octet comes first (RFC 1035 s.2.3.2).
#ifndef MULTISOCKET_WIRE_H_
#define MULTISOCKET_WIRE_H_

#include <cstddef>
#include <cstdint>

namespace multisocket {

constexpr size_t kHeaderSize = 12;  // RFC 1035 s.4.1.1

// The second word of a header (RFC 1035 s.4.1.1, RFC 4035 s.3).
constexpr uint16_t kFlagQr = 0x8000;
constexpr uint16_t kOpcodeMask = 0x7800;
constexpr unsigned kOpcodeShift = 11;
constexpr uint16_t kFlagAa = 0x0400;
constexpr uint16_t kFlagTc = 0x0200;
constexpr uint16_t kFlagRd = 0x0100;
constexpr uint16_t kFlagCd = 0x0010;
constexpr uint16_t kRcodeMask = 0x000f;

constexpr unsigned kOpcodeQuery = 0;
constexpr unsigned kOpcodeNotify = 4;  // RFC 1996
constexpr unsigned kOpcodeUpdate = 5;  // RFC 2136

constexpr uint16_t kRcodeNoError = 0;
constexpr uint16_t kRcodeFormErr = 1;
constexpr uint16_t kRcodeServFail = 2;
constexpr uint16_t kRcodeNxDomain = 3;
constexpr uint16_t kRcodeNotImp = 4;
constexpr uint16_t kRcodeRefused = 5;
constexpr uint16_t kRcodeYxDomain = 6;
constexpr uint16_t kRcodeBadVers = 16;
constexpr uint16_t kRcodeBadCookie = 23;

constexpr uint16_t kClassIn = 1;
constexpr uint16_t kClassNone = 254;  // RFC 2136 s.1.3
constexpr uint16_t kClassAny = 255;

constexpr uint16_t kTypeA = 1;
constexpr uint16_t kTypeNs = 2;
constexpr uint16_t kTypeMd = 3;
constexpr uint16_t kTypeMf = 4;
constexpr uint16_t kTypeCname = 5;
constexpr uint16_t kTypeSoa = 6;
constexpr uint16_t kTypeMb = 7;
constexpr uint16_t kTypeMg = 8;
constexpr uint16_t kTypeMr = 9;
constexpr uint16_t kTypeWks = 11;
constexpr uint16_t kTypePtr = 12;
constexpr uint16_t kTypeMinfo = 14;
constexpr uint16_t kTypeMx = 15;
constexpr uint16_t kTypeAfsdb = 18;
constexpr uint16_t kTypeRt = 21;
constexpr uint16_t kTypeSig = 24;
constexpr uint16_t kTypeAaaa = 28;
constexpr uint16_t kTypeSrv = 33;
constexpr uint16_t kTypeNaptr = 35;
constexpr uint16_t kTypeKx = 36;
constexpr uint16_t kTypeDname = 39;
constexpr uint16_t kTypeOpt = 41;
constexpr uint16_t kTypeDs = 43;
constexpr uint16_t kTypeRrsig = 46;
constexpr uint16_t kTypeNsec = 47;
constexpr uint16_t kTypeNsec3 = 50;
constexpr uint16_t kTypeSvcb = 64;
constexpr uint16_t kTypeHttps = 65;
constexpr uint16_t kTypeL32 = 105;
constexpr uint16_t kTypeL64 = 106;
constexpr uint16_t kTypeLp = 107;
constexpr uint16_t kTypeTkey = 249;
constexpr uint16_t kTypeTsig = 250;
constexpr uint16_t kTypeIxfr = 251;
constexpr uint16_t kTypeAxfr = 252;
constexpr uint16_t kTypeAny = 255;

// TYPE, CLASS, TTL and RDLENGTH, which follow the owner of a record.
constexpr size_t kRecordFixedSize = 10;
// An OPT record without options: the root as its owner, and no RDATA (RFC 6891 s.6.1.2).
constexpr size_t kOptSize = 1 + kRecordFixedSize;
// In the flags of an OPT record (RFC 3225 s.3).
constexpr uint16_t kFlagDo = 0x8000;

inline uint16_t read16(const uint8_t* at) { return static_cast<uint16_t>(at[0] << 8 | at[1]); }

inline uint32_t read32(const uint8_t* at) { return static_cast<uint32_t>(read16(at)) << 16 | read16(at + 2); }

inline void write16(uint8_t* at, uint32_t value) {
  at[0] = static_cast<uint8_t>(value >> 8);
  at[1] = static_cast<uint8_t>(value);
}

inline void write32(uint8_t* at, uint32_t value) {
  write16(at, value >> 16);
  write16(at + 2, value);
}

}  // namespace multisocket

#endif  // MULTISOCKET_WIRE_H_
