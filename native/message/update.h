// The records of an UPDATE message (RFC 2136): what their classes, types, TTLs and RDATA may be.
#ifndef MULTISOCKET_UPDATE_H_
#define MULTISOCKET_UPDATE_H_

#include <cstdint>

#include "message/records.h"

namespace multisocket {

// Whether a question is a zone section (RFC 2136 s.2.3). ANY and NONE are no classes of a zone: in the other sections
// they have meanings of their own.
bool is_zone(uint16_t type, uint16_t klass);

// Whether a record has one of the forms of a prerequisite (RFC 2136 s.2.4, s.3.2). Whether its name is in the zone is
// not checked, nor whether a zone can have records of its type: a prerequisite may ask for what cannot be.
bool is_prerequisite(const uint8_t* message, const Record& record, uint16_t zone_class);

// Whether a record has one of the forms of a change (RFC 2136 s.2.5, s.3.4.1), likewise.
bool is_change(const uint8_t* message, const Record& record, uint16_t zone_class);

}  // namespace multisocket

#endif  // MULTISOCKET_UPDATE_H_
