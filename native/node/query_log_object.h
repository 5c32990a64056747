// The QueryLog in JavaScript.
#ifndef MULTISOCKET_QUERY_LOG_OBJECT_H_
#define MULTISOCKET_QUERY_LOG_OBJECT_H_

#include <napi.h>

#include <memory>

#include "log/query_log.h"

namespace multisocket {

class QueryLogObject : public Napi::ObjectWrap<QueryLogObject> {
 public:
  static Napi::Function define(Napi::Env env);
  explicit QueryLogObject(const Napi::CallbackInfo& info);

  const std::shared_ptr<QueryLog>& log() const { return log_; }

 private:
  void record(const Napi::CallbackInfo& info);

  std::shared_ptr<QueryLog> log_;
};

}  // namespace multisocket

#endif  // MULTISOCKET_QUERY_LOG_OBJECT_H_
