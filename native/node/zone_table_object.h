// ZoneTable for JavaScript.
#ifndef MULTISOCKET_ZONE_TABLE_OBJECT_H_
#define MULTISOCKET_ZONE_TABLE_OBJECT_H_

#include <napi.h>

#include <memory>
#include <string>
#include <unordered_map>

#include "zone/zone_table.h"

namespace multisocket {

class ZoneTableObject : public Napi::ObjectWrap<ZoneTableObject> {
 public:
  static Napi::Function define(Napi::Env env);
  explicit ZoneTableObject(const Napi::CallbackInfo& info);
  // Fronts may outlive this object. The memory of the images does not.
  ~ZoneTableObject() override { table_->clear(); }

  std::shared_ptr<const ZoneTable> table() const { return table_; }

 private:
  void put(const Napi::CallbackInfo& info);
  void remove(const Napi::CallbackInfo& info);

  std::shared_ptr<ZoneTable> table_ = std::make_shared<ZoneTable>();
  std::unordered_map<std::string, Napi::ObjectReference> memory_;  // by name: keeps the columns of an image alive
};

}  // namespace multisocket

#endif  // MULTISOCKET_ZONE_TABLE_OBJECT_H_
