// The records of a message, one after the other, each checked as a whole (RFC 1035 s.4.1.3).
#ifndef MULTISOCKET_RECORDS_H_
#define MULTISOCKET_RECORDS_H_

#include <cstddef>
#include <cstdint>

namespace multisocket {

constexpr uint16_t kTypeOpt = 41;

struct Record {
  size_t owner;  // offsets in the message
  size_t rdata;
  uint16_t type;
  uint16_t klass;
  uint32_t ttl;
  uint16_t rdlength;
};

// Reads the record at `at` and returns the offset behind it; 0: the record is invalid. That is one with an invalid
// owner, one that ends behind the message, or one of a known type whose RDATA does not have the fields of this type:
// names that are invalid or end behind the RDATA, pointers where the type allows none (RFC 3597 s.4), octets too few or
// too many. An OPT has the root as its owner, and options that fill its RDATA (RFC 6891 s.6.1.2).
size_t read_record(const uint8_t* message, size_t length, size_t at, Record* record);

}  // namespace multisocket

#endif  // MULTISOCKET_RECORDS_H_
