#include "zone/zone_prefetch.h"

#include "message/wire.h"

namespace multisocket {

// Only the label right below the origin is looked up: most names of a large zone have no other.
bool ZonePrefetch::add(const ZoneTable& zones, const uint8_t* message, size_t length) {
  WireName name;
  if (!zones.has_large() || length <= kHeaderSize) return false;
  if (!name.read(message + kHeaderSize, length - kHeaderSize)) return false;
  const ZoneImage* image = zones.image_of(name);
  if (image == nullptr || !image->is_large() || name == image->origin()) return false;
  const uint8_t* label = name.from(name.labels() - image->origin().labels() - 1);
  lookups_[count_++] = {image, image->fetch_row(ZoneImage::kTop, label)};
  return true;
}

void ZonePrefetch::fetch() {
  for (size_t i = 0; i < count_; i++) lookups_[i].at = lookups_[i].image->fetch_node(lookups_[i].at);
  for (size_t i = 0; i < count_; i++) lookups_[i].at = lookups_[i].image->fetch_set(lookups_[i].at);
  for (size_t i = 0; i < count_; i++) lookups_[i].image->fetch_records(lookups_[i].at);
  count_ = 0;
}

}  // namespace multisocket
