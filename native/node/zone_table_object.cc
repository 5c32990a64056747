#include "node/zone_table_object.h"

#include <utility>

#include "node/fields.h"

namespace multisocket {
namespace {

// Reads a column of an image and adds it to `kept`.
template <class Type>
void read_column(Fields* image, const char* name, Column<Type>* column, Napi::Array* kept) {
  auto array = image->get<Napi::TypedArrayOf<Type>>(name);
  if (!image->complete()) return;
  *column = {array.Data(), array.ElementLength()};
  kept->Set(kept->Length(), array);
}

bool read_name(const Napi::Value& given, WireName* name) {
  auto octets = given.As<Napi::Uint8Array>();
  if (name->read(octets.Data(), octets.ElementLength())) return true;
  Napi::RangeError::New(given.Env(), "invalid name").ThrowAsJavaScriptException();
  return false;
}

std::string key_of(const WireName& name) { return {reinterpret_cast<const char*>(name.data()), name.size()}; }

}  // namespace

Napi::Function ZoneTableObject::define(Napi::Env env) {
  return DefineClass(env, "ZoneTable",
                     {
                         InstanceMethod<&ZoneTableObject::put>("put"),
                         InstanceMethod<&ZoneTableObject::remove>("remove"),
                     });
}

ZoneTableObject::ZoneTableObject(const Napi::CallbackInfo& info) : Napi::ObjectWrap<ZoneTableObject>(info) {}

void ZoneTableObject::put(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  WireName name;
  if (!read_name(info[0], &name)) return;
  ZoneTable::Entry entry;
  Fields rules(info[1]);
  const auto vacant = rules.get<Napi::Boolean>("leavesVacant");
  const auto aliases = rules.get<Napi::Boolean>("leavesAliases");
  if (!rules.complete()) return;
  entry.leaves_vacant = vacant.Value();
  entry.leaves_aliases = aliases.Value();
  if (!info[2].IsObject()) {
    table_->put(name, entry);
    memory_.erase(key_of(name));
    return;
  }
  ZoneColumns columns;
  if (!read_name(info[3], &columns.origin)) return;
  Fields image(info[2]);
  auto kept = Napi::Array::New(env);
  const auto seed = image.get<Napi::Number>("seed");
  const auto iterations = image.get<Napi::Number>("nsec3Iterations");
  read_column(&image, "heads", &columns.heads, &kept);
  read_column(&image, "nodes", &columns.nodes, &kept);
  read_column(&image, "labels", &columns.labels, &kept);
  read_column(&image, "sets", &columns.sets, &kept);
  read_column(&image, "octets", &columns.octets, &kept);
  read_column(&image, "order", &columns.order, &kept);
  read_column(&image, "nsec3Hashes", &columns.nsec3_hashes, &kept);
  read_column(&image, "nsec3Sets", &columns.nsec3_sets, &kept);
  read_column(&image, "nsec3Salt", &columns.nsec3_salt, &kept);
  if (!image.complete()) return;
  columns.seed = seed.Uint32Value();
  columns.nsec3_iterations = iterations.Uint32Value();
  if (!name.is_in(columns.origin) || !ZoneImage::fits(columns)) {
    Napi::RangeError::New(env, "the columns of the image do not fit together").ThrowAsJavaScriptException();
    return;
  }
  entry.image.emplace(columns);
  table_->put(name, entry);
  memory_[key_of(name)] = Napi::Persistent(kept.As<Napi::Object>());
}

void ZoneTableObject::remove(const Napi::CallbackInfo& info) {
  WireName name;
  if (!read_name(info[0], &name)) return;
  table_->remove(name);
  memory_.erase(key_of(name));
}

}  // namespace multisocket
