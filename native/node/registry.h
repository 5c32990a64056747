// A table of the process's objects of one class, by number. Every worker thread loads the addon separately, but all of
// them share this memory. The table owns nothing: an object is freed with its last user, and its number is then
// unknown. A thread that ends, for whatever reason, no longer uses any.
#ifndef MULTISOCKET_REGISTRY_H_
#define MULTISOCKET_REGISTRY_H_

#include <cstdint>
#include <iterator>
#include <memory>
#include <mutex>
#include <unordered_map>

namespace multisocket {

template <class Shared>
class Registry {
 public:
  // Returns the number of the object, which is unique in its class and never 0.
  static uint32_t add(const std::shared_ptr<Shared>& object) {
    Registry& all = instance();
    const std::lock_guard<std::mutex> lock(all.mutex_);
    for (auto at = all.objects_.begin(); at != all.objects_.end();) {
      at = at->second.expired() ? all.objects_.erase(at) : std::next(at);
    }
    all.objects_.emplace(++all.last_, object);
    return all.last_;
  }

  // Returns null if there is no object with this number any more.
  static std::shared_ptr<Shared> find(uint32_t number) {
    Registry& all = instance();
    const std::lock_guard<std::mutex> lock(all.mutex_);
    const auto found = all.objects_.find(number);
    return found == all.objects_.end() ? nullptr : found->second.lock();
  }

 private:
  // Never destroyed: threads may outlive the static objects of a process that exits.
  static Registry& instance() {
    static auto* const only = new Registry;
    return *only;
  }

  std::mutex mutex_;
  uint32_t last_ = 0;
  std::unordered_map<uint32_t, std::weak_ptr<Shared>> objects_;
};

}  // namespace multisocket

#endif  // MULTISOCKET_REGISTRY_H_
