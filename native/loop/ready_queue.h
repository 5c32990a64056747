// A queue of readable sockets.
#ifndef MULTISOCKET_LOOP_READY_QUEUE_H_
#define MULTISOCKET_LOOP_READY_QUEUE_H_

#include <utility>

namespace multisocket {

// A first-in, first-out queue. `Item` has the members `bool ready`, true while it is in the queue, and `Item* next`.
// The queue owns nothing and allocates nothing.
template <class Item>
class ReadyQueue {
 public:
  bool empty() const { return first_ == nullptr; }

  // Puts `item` at the end if it is not in the queue.
  void push(Item* item) {
    if (item->ready) return;
    item->ready = true;
    item->next = nullptr;
    (first_ == nullptr ? first_ : last_->next) = item;
    last_ = item;
  }

  // Removes the first item. The queue must not be empty.
  Item* pop() {
    Item* item = first_;
    first_ = item->next;
    item->ready = false;
    return item;
  }

  // Removes `item` from any position.
  void remove(Item* item) {
    if (!item->ready) return;
    for (Item* left = std::exchange(first_, nullptr); left != nullptr;) {
      Item* next = left->next;
      left->ready = false;
      if (left != item) push(left);
      left = next;
    }
  }

 private:
  Item* first_ = nullptr;
  Item* last_ = nullptr;
};

}  // namespace multisocket

#endif  // MULTISOCKET_LOOP_READY_QUEUE_H_
