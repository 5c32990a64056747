#include "zone/additional.h"

#include "message/wire.h"

namespace multisocket {
namespace {

// The octets of RDATA before the name that a type points to; -1: it points to none.
int octets_before(uint32_t type) {
  switch (type) {
    case kTypeNs:  // RFC 1035 s.3.3.11
    case kTypeMb:  // RFC 1035 s.3.3.3
      return 0;
    case kTypeMx:     // RFC 1035 s.3.3.9
    case kTypeAfsdb:  // RFC 1183 s.1
    case kTypeRt:     // RFC 1183 s.3.3
    case kTypeKx:     // RFC 2230 s.3
    case kTypeLp:     // RFC 6742 s.2.4.3
      return 2;
    case kTypeSrv:  // RFC 2782
      return 6;
    default:
      return -1;
  }
}

// The name at `at`; none if it is malformed.
Wanted name_at(Rdata rdata, size_t at) {
  Wanted wanted;
  const size_t end = skip_plain_name(rdata.data, rdata.size, at);
  if (end == 0) return wanted;
  wanted.name = rdata.data + at;
  wanted.size = end - at;
  wanted.types[0] = kTypeA;
  wanted.types[1] = kTypeAaaa;
  return wanted;
}

// The flag says what the replacement leads to: addresses, or SRV (RFC 3404 s.4.1).
Wanted naptr(Rdata rdata) {
  size_t at = 4;  // order and preference
  uint8_t flag = 0;
  for (unsigned text = 0; text < 3; text++) {
    if (at >= rdata.size) return {};
    const size_t length = rdata.data[at];
    if (text == 0 && length == 1 && at + 1 < rdata.size) flag = rdata.data[at + 1] | 0x20;
    at += 1 + length;
  }
  if (at >= rdata.size || (flag != 'a' && flag != 's')) return {};
  Wanted wanted = name_at(rdata, at);
  if (flag == 's') {
    wanted.types[0] = kTypeSrv;
    wanted.types[1] = 0;
  }
  return wanted;
}

// Whether service parameters are well-formed: keys in ascending order (RFC 9460 s.2.2).
bool has_parameters(Rdata rdata, size_t at) {
  int last = -1;
  while (at + 4 <= rdata.size) {
    const int key = read16(rdata.data + at);
    if (key <= last) return false;
    last = key;
    at += 4U + read16(rdata.data + at + 2);
  }
  return at == rdata.size;
}

// The addresses of TargetName, and its own service bindings (RFC 9460 s.4.1). `.` is the owner in ServiceMode, and
// means no service in AliasMode (s.2.5).
Wanted service(uint32_t type, Rdata rdata, const WireName& owner) {
  if (rdata.size < 3) return {};
  Wanted wanted = name_at(rdata, 2);
  if (wanted.name == nullptr || !has_parameters(rdata, 2 + wanted.size)) return {};
  if (wanted.size > 1) {
    wanted.types[2] = static_cast<uint16_t>(type);
    return wanted;
  }
  if (read16(rdata.data) == 0) return {};
  wanted.name = owner.data();
  wanted.size = owner.size();
  return wanted;
}

}  // namespace

bool has_targets(uint32_t type) {
  return octets_before(type) >= 0 || type == kTypeNaptr || type == kTypeSvcb || type == kTypeHttps;
}

Wanted wanted_with(uint32_t type, Rdata rdata, const WireName& owner) {
  if (type == kTypeNaptr) return naptr(rdata);
  if (type == kTypeSvcb || type == kTypeHttps) return service(type, rdata, owner);
  const int before = octets_before(type);
  if (before < 0) return {};
  Wanted wanted = name_at(rdata, static_cast<size_t>(before));
  if (type == kTypeLp) {
    wanted.types[0] = kTypeL32;
    wanted.types[1] = kTypeL64;
  }
  return wanted;
}

}  // namespace multisocket
