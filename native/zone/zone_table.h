// The zones that native code answers at an address, by name. A ZoneTable belongs to one thread.
#ifndef MULTISOCKET_ZONE_TABLE_H_
#define MULTISOCKET_ZONE_TABLE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "message/message_view.h"
#include "zone/wire_name.h"
#include "zone/zone_image.h"

namespace multisocket {

class ZoneTable {
 public:
  // What answers the questions for a name, and for all names below it that have no longer entry.
  struct Entry {
    std::optional<ZoneImage> image;  // without one the handler answers
    bool leaves_vacant = false;      // the handler answers for names without records
    bool leaves_aliases = false;     // the handler answers aliases that lead out of the zone
  };
  struct Found {
    size_t length = 0;  // 0: the handler answers
    size_t opt = 0;     // offset of the OPT; 0: none
  };

  // Adds an entry, or replaces that of this name, from the next look-up on.
  void put(const WireName& name, Entry entry);
  void remove(const WireName& name) { entries_.erase(view_of(name, 0)); }
  // Removes all entries.
  void clear() { entries_.clear(); }

  // Writes the reply to a query whose verdict is kQuery to `out`, which may be `query`: at most `limit` octets, with an
  // OPT that announces `payload_size`. Without an answer, `query` and `out` are as before, or `out` is undefined if
  // it is not `query`. `can_truncate`: the client can ask again by another transport.
  Found answer(const uint8_t* query, const MessageView& view, bool can_truncate, size_t limit, uint16_t payload_size,
               uint8_t* out) const;

  // Whether an image that is_large() has been put into the table.
  bool has_large() const { return has_large_; }
  // The image that answers for a name; null: none.
  const ZoneImage* image_of(const WireName& name) const {
    const Entry* entry = find(name, kTypeA);
    return entry != nullptr && entry->image.has_value() ? &*entry->image : nullptr;
  }

 private:
  struct Named {
    std::string name;
    Entry entry;
  };

  static std::string_view view_of(const WireName& name, unsigned label) {
    return {reinterpret_cast<const char*>(name.from(label)), name.size() - name.start(label)};
  }
  const Entry* find(const WireName& name, uint16_t type) const;
  Found answer(const Entry& entry, const WireName& name, const MessageView& view, bool can_truncate, size_t limit,
               uint16_t payload_size, uint8_t* out) const;

  std::unordered_map<std::string_view, std::unique_ptr<Named>> entries_;  // the name of each is its key
  unsigned max_labels_ = 0;                                               // of any entry
  bool has_large_ = false;
};

}  // namespace multisocket

#endif  // MULTISOCKET_ZONE_TABLE_H_
