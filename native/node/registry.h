// A table of the process's objects of one class, by number. Every worker thread loads the addon separately, but all of
// them share this memory. The owner opens an object, and the workers look it up.
#ifndef MULTISOCKET_REGISTRY_H_
#define MULTISOCKET_REGISTRY_H_

#include <cstdint>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <utility>

namespace multisocket {

template <class Shared>
class Registry {
 public:
  // Returns the number of the object, which is unique in its class and never 0.
  static uint32_t open(std::shared_ptr<Shared> object) {
    Registry& all = instance();
    const std::lock_guard<std::mutex> lock(all.mutex_);
    all.objects_.emplace(++all.last_, std::move(object));
    return all.last_;
  }

  // Returns null if no object with this number is open. An object may be used after it is closed.
  static std::shared_ptr<Shared> find(uint32_t number) {
    Registry& all = instance();
    const std::lock_guard<std::mutex> lock(all.mutex_);
    const auto found = all.objects_.find(number);
    return found == all.objects_.end() ? nullptr : found->second;
  }

  // Removes an object. Its memory is freed with the last reference.
  static void close(uint32_t number) {
    Registry& all = instance();
    std::shared_ptr<Shared> closed;  // released after the lock, since freeing a large object takes time
    const std::lock_guard<std::mutex> lock(all.mutex_);
    const auto found = all.objects_.find(number);
    if (found == all.objects_.end()) return;
    closed = std::move(found->second);
    all.objects_.erase(found);
  }

 private:
  // Never destroyed: threads may outlive the static objects of a process that exits.
  static Registry& instance() {
    static auto* const only = new Registry;
    return *only;
  }

  std::mutex mutex_;
  uint32_t last_ = 0;
  std::unordered_map<uint32_t, std::shared_ptr<Shared>> objects_;
};

}  // namespace multisocket

#endif  // MULTISOCKET_REGISTRY_H_
