#include "message/update.h"

#include "message/wire.h"

namespace multisocket {
namespace {

// Whether no zone has records of a type: OPT, and the range of meta-types and QTYPEs (RFC 6895 s.3.1).
bool is_meta(uint16_t type) { return type == kTypeOpt || (type >= 128 && type <= kTypeAny); }

// Whether a record could be in a zone: its RDATA are those of its type in the zone's class.
bool has_data(const uint8_t* message, Record record, uint16_t zone_class) {
  record.klass = zone_class;
  return !is_meta(record.type) && has_shape(message, record);
}

}  // namespace

bool is_zone(uint16_t type, uint16_t klass) { return type == kTypeSoa && klass != kClassAny && klass != kClassNone; }

bool is_prerequisite(const uint8_t* message, const Record& record, uint16_t zone_class) {
  if (record.ttl != 0) return false;
  if (record.klass == zone_class) return has_shape(message, record);
  return (record.klass == kClassAny || record.klass == kClassNone) && record.rdlength == 0;
}

bool is_change(const uint8_t* message, const Record& record, uint16_t zone_class) {
  if (record.klass == zone_class) return has_data(message, record, zone_class);
  if (record.ttl != 0) return false;
  if (record.klass == kClassNone) return has_data(message, record, zone_class);
  return record.klass == kClassAny && record.rdlength == 0 && (record.type == kTypeAny || !is_meta(record.type));
}

}  // namespace multisocket
