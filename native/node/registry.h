// Objects of this process by number. Every worker thread loads the addon for itself, yet all share this memory: the
// server's thread opens an object, the workers attach to it.
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
  // Returns the object's number, which no other one of its class ever has; never 0.
  static uint32_t open(std::shared_ptr<Shared> object) {
    Registry& all = instance();
    const std::lock_guard<std::mutex> lock(all.mutex_);
    all.objects_.emplace(++all.last_, std::move(object));
    return all.last_;
  }

  // Null where no such object is open. Those who hold one may use it after it was closed.
  static std::shared_ptr<Shared> find(uint32_t number) {
    Registry& all = instance();
    const std::lock_guard<std::mutex> lock(all.mutex_);
    const auto found = all.objects_.find(number);
    return found == all.objects_.end() ? nullptr : found->second;
  }

  // Takes an object out; its memory goes with the last who holds it.
  static void close(uint32_t number) {
    Registry& all = instance();
    std::shared_ptr<Shared> closed;  // let go of without the lock: freeing a large one takes a while
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
