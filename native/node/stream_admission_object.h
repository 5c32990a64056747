// The StreamAdmission in JavaScript. It checks the messages of streams and keeps the memory for this alive.
#ifndef MULTISOCKET_STREAM_ADMISSION_OBJECT_H_
#define MULTISOCKET_STREAM_ADMISSION_OBJECT_H_

#include <napi.h>

#include <cstdint>
#include <memory>

#include "message/admission.h"

namespace multisocket {

class StreamAdmissionObject : public Napi::ObjectWrap<StreamAdmissionObject> {
 public:
  static Napi::Function define(Napi::Env env);
  explicit StreamAdmissionObject(const Napi::CallbackInfo& info);

 private:
  Napi::Value check(const Napi::CallbackInfo& info);

  Napi::ObjectReference memory_;  // keeps the shared arrays alive
  uint32_t* words_ = nullptr;     // indexed by layout::StreamWord
  uint32_t rows_ = 0;             // the number of rows in the memory
  uint8_t* output_ = nullptr;
  uint32_t output_size_ = 0;
  std::unique_ptr<Admission> admission_;
};

}  // namespace multisocket

#endif  // MULTISOCKET_STREAM_ADMISSION_OBJECT_H_
