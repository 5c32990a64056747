// Reads the fields of an object that JavaScript passes.
#ifndef MULTISOCKET_FIELDS_H_
#define MULTISOCKET_FIELDS_H_

#include <napi.h>

namespace multisocket {

// The fields of an object. A thread that is being terminated cannot read them: each read then fails, and Node ends the
// process if a value that was not read is used. So the reader checks `complete()` before it uses any of them.
class Fields {
 public:
  explicit Fields(const Napi::Value& object) : object_(object.As<Napi::Object>()) {}

  template <class Type>
  Type get(const char* name) {
    const Napi::Value value = object_.Get(name);
    complete_ = complete_ && !value.IsEmpty();
    return value.As<Type>();
  }

  // Whether all fields have been read.
  bool complete() const { return complete_; }

 private:
  Napi::Object object_;
  bool complete_ = true;
};

}  // namespace multisocket

#endif  // MULTISOCKET_FIELDS_H_
