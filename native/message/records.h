// The records of a message. Each is checked completely (RFC 1035 s.4.1.3).
#ifndef MULTISOCKET_RECORDS_H_
#define MULTISOCKET_RECORDS_H_

#include <cstddef>
#include <cstdint>

namespace multisocket {

struct Record {
  size_t owner;  // offsets in the message
  size_t rdata;
  uint16_t type;
  uint16_t klass;
  uint32_t ttl;
  uint16_t rdlength;
};

// Whether the RDATA of a record, which end within the message, have the fields of its type. An unknown type has no
// fields.
bool has_shape(const uint8_t* message, const Record& record);

// Reads the record at `at`. Returns the offset after the record, or 0 if the record is invalid. A record is invalid if
// its owner is invalid, if it exceeds the message, or if its type is known and its RDATA does not have the fields of
// that type: a name is invalid or exceeds the RDATA, a pointer is in a type that allows none (RFC 3597 s.4), or there
// are too few or too many octets. The owner of an OPT is the root, and its options fill the RDATA (RFC 6891 s.6.1.2).
size_t read_record(const uint8_t* message, size_t length, size_t at, Record* record);

}  // namespace multisocket

#endif  // MULTISOCKET_RECORDS_H_
