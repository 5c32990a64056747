// What the tests of TcpConnections share: clients without sockets, a clock that stands until it is moved, and a handler
// in the place of JavaScript.
#ifndef MULTISOCKET_TEST_SCRIPTED_STREAM_H_
#define MULTISOCKET_TEST_SCRIPTED_STREAM_H_

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define MULTISOCKET_ASAN
#include <sanitizer/asan_interface.h>
#endif
#endif

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "check.h"
#include "message/layout.h"
#include "message/wire.h"
#include "tcp/tcp_connections.h"

namespace multisocket::test {

// The client's end of a connection.
struct ScriptedClient {
  std::string sent;           // to the server, and not yet received
  size_t segment = SIZE_MAX;  // octets that one receive call returns at most
  std::string heard;          // from the server
  size_t window = SIZE_MAX;   // octets that the server can still send
  bool closed = false;        // its side is closed after `sent`
  bool reset = false;
  bool server_finished = false;  // the server has closed its side
  bool server_closed = false;
  bool server_reset = false;  // it is closed with a reset
  bool watched = false;
  uint64_t token = 0;
};

class ScriptedIo : public StreamIo {
 public:
  uint64_t time = 1000;
  std::map<int, ScriptedClient> clients;  // by descriptor
  unsigned receives = 0;
  unsigned sends = 0;
  bool fails_to_watch = false;

  uint64_t now() override { return time; }
  ssize_t receive(int descriptor, uint8_t* to, size_t size) override {
    receives++;
    ScriptedClient& client = open(descriptor);
    if (client.reset) return fail(ECONNRESET);
    if (client.sent.empty()) return client.closed ? 0 : fail(EAGAIN);
    const size_t count = std::min({size, client.segment, client.sent.size()});
#ifdef MULTISOCKET_ASAN
    // What was not received must not be read. A part of the rest is enough, and costs less.
    const size_t guarded = std::min<size_t>(size, 4096);
    __asan_unpoison_memory_region(to, std::max(count, guarded));
    if (count < guarded) __asan_poison_memory_region(to + count, guarded - count);
#endif
    memcpy(to, client.sent.data(), count);
    client.sent.erase(0, count);
    return static_cast<ssize_t>(count);
  }
  ssize_t send(int descriptor, const iovec* parts, int count) override {
    sends++;
    ScriptedClient& client = open(descriptor);
    if (client.server_finished) abort();  // nothing is sent after the end
    if (client.reset) return fail(EPIPE);
    size_t sent = 0;
    for (int i = 0; i < count; i++) {
      const size_t taken = std::min(parts[i].iov_len, client.window);
      client.heard.append(static_cast<const char*>(parts[i].iov_base), taken);
      client.window -= client.window == SIZE_MAX ? 0 : taken;
      sent += taken;
      if (taken < parts[i].iov_len) break;
    }
    return sent == 0 ? fail(EAGAIN) : static_cast<ssize_t>(sent);
  }
  bool watch(int descriptor, uint64_t token) override {
    ScriptedClient& client = open(descriptor);
    if (client.watched) abort();
    client.token = token;
    return client.watched = !fails_to_watch;
  }
  void prepare_reset(int descriptor) override { open(descriptor).server_reset = true; }
  void finish(int descriptor) override { open(descriptor).server_finished = true; }
  void close(int descriptor) override { open(descriptor).server_closed = true; }
  void read_local(int /*descriptor*/, QueryOrigin* origin) override {
    const uint8_t address[4] = {192, 0, 2, 53};
    origin->set_local(address, sizeof address);
  }

 private:
  // A closed descriptor may belong to somebody else already.
  ScriptedClient& open(int descriptor) {
    ScriptedClient& client = clients.at(descriptor);
    if (client.server_closed) abort();
    return client;
  }
  static ssize_t fail(int error) {
    errno = error;
    return -1;
  }
};

// A worker: its connections, and the memory that it shares with JavaScript.
class ScriptedWorker {
 public:
  struct Held {
    uint32_t connection;
    std::string message;
  };
  static constexpr uint32_t kWorkerRowAt = layout::kSocketRow;
  static constexpr StreamTimeouts kTimeouts = {5000, 10000, 4000, 1000};

  // Queries that the handler holds, oldest first.
  std::deque<Held> held;
  // Whether a query that JavaScript gets is answered at once.
  std::function<bool(const std::string& message)> at_once = [](const std::string&) { return true; };
  std::function<std::string(const std::string& message)> answer = [](const std::string& message) {
    std::string reply = message;
    reply[2] = static_cast<char>(reply[2] | 0x80);
    return reply;
  };
  std::vector<uint32_t> batches;  // sizes
  ScriptedIo io;
  std::shared_ptr<StreamListener> listener = std::make_shared<StreamListener>();

  explicit ScriptedWorker(uint32_t max_pipelined = 100, uint32_t max_queries = TcpConnections::kAnyNumber,
                          uint32_t most = 1000, uint32_t most_of_client = 1000)
      : queries_(layout::kBatchSize * layout::kQueryWords),
        outbox_(1 + layout::kTcpOutboxEntries * layout::kTcpReplyWords),
        counters_(layout::kSocketRow + layout::kWorkerRow),
        limits_(ConnectionLimits::words_for(1)),
        connections(std::make_unique<TcpConnections>(
            TcpConnections::Memory{slab(),
                                   queries_.data(),
                                   outbox_.data(),
                                   counters_.data(),
                                   kWorkerRowAt,
                                   {},
                                   layout::kEnvelopeSize,
                                   ConnectionLimits(limits_.data(), limits_.size(), 0, most, most_of_client)},
            TcpConnections::Options{kTimeouts, max_pipelined, max_queries}, &io,
            [this](uint32_t count) { serve(count); })) {
    listener->bound.set_transport(Transport::kTcp);
  }

  // Returns the new client, or null if it was refused.
  ScriptedClient* connect(uint8_t host = 1) {
    sockaddr_storage address{};
    auto& in4 = reinterpret_cast<sockaddr_in&>(address);
    in4.sin_family = AF_INET;
    in4.sin_addr.s_addr = htonl(0x0a000000 | host);
    in4.sin_port = htons(40000);
    const int descriptor = next_++;
    ScriptedClient* client = &io.clients[descriptor];
    return connections->open(descriptor, address, listener) ? client : nullptr;
  }

  // Reports what has changed for the client, as epoll does.
  void wake(const ScriptedClient& client, bool writable = false) {
    if (!client.watched || client.server_closed) return;
    connections->wake(client.token, {!client.sent.empty() || client.closed, writable, client.closed, client.reset});
  }

  // Takes turns of the loop until there is nothing to do.
  void run() {
    connections->serve();
    for (unsigned turns = 0; connections->busy(); turns++) {
      if (turns > 100000) abort();
      connections->serve();
    }
  }

  // Answers the oldest query that the handler holds.
  void answer_held() {
    const Held oldest = held.front();
    held.pop_front();
    put(oldest.connection, answer(oldest.message));
  }

  double counted(layout::WorkerCounter counter) const { return counters_[kWorkerRowAt + counter]; }
  double open_in_limits() const { return limits_[ConnectionLimits::words_for(0)]; }
  uint32_t* outbox() { return outbox_.data(); }

 private:
  void serve(uint32_t count) {
    batches.push_back(count);
    for (uint32_t row = 0; row < count; row++) {
      const uint32_t* words = queries_.data() + row * layout::kQueryWords;
      const uint8_t* message = slab() + words[layout::kOffset];
      const uint8_t* number = message - layout::kEnvelopeSize + layout::kEnvelopeConnection;
      const uint32_t connection = number[0] | number[1] << 8 | number[2] << 16 | static_cast<uint32_t>(number[3]) << 24;
      const std::string text(reinterpret_cast<const char*>(message), words[layout::kLength]);
      if (at_once(text)) {
        put(connection, answer(text));
      } else {
        held.push_back({connection, text});
      }
    }
  }

  void put(uint32_t connection, const std::string& reply) {
    if (outbox_[0] == layout::kTcpOutboxEntries || cursor_ + layout::kMaxFrame > layout::kTcpAnswersOffset) {
      connections->flush();
    }
    if (outbox_[0] == 0) cursor_ = layout::kTcpOutputOffset + 2;
    uint32_t* entry = outbox_.data() + 1 + outbox_[0]++ * layout::kTcpReplyWords;
    entry[layout::kTcpReplyConnection] = connection;
    entry[layout::kTcpReplyOffset] = cursor_;
    entry[layout::kTcpReplyLength] = static_cast<uint32_t>(reply.size());
    memcpy(slab() + cursor_, reply.data(), reply.size());
    cursor_ += static_cast<uint32_t>(reply.size()) + 2;
  }

  // The workers of a test live one after the other.
  static uint8_t* slab() {
    static const std::unique_ptr<uint8_t[]> only(new uint8_t[layout::kTcpSlabSize]);
    return only.get();
  }

  std::vector<uint32_t> queries_;
  std::vector<uint32_t> outbox_;
  std::vector<double> counters_;
  std::vector<int32_t> limits_;
  uint32_t cursor_ = 0;
  int next_ = 10;

 public:
  std::unique_ptr<TcpConnections> connections;
};

// A message behind its length.
inline std::string framed(const std::string& message) {
  return std::string{static_cast<char>(message.size() >> 8), static_cast<char>(message.size())} + message;
}

// The messages of a stream. The rest of an incomplete one is left out.
inline std::vector<std::string> unframed(const std::string& stream) {
  std::vector<std::string> messages;
  for (size_t at = 0; stream.size() - at >= 2;) {
    const size_t length = read16(reinterpret_cast<const uint8_t*>(stream.data()) + at);
    if (stream.size() - at - 2 < length) break;
    messages.push_back(stream.substr(at + 2, length));
    at += 2 + length;
  }
  return messages;
}

inline std::string query(unsigned id, const std::string& name = "www.example.org") {
  Query asked;
  asked.id = id;
  asked.name = name;
  return asked.message();
}

inline std::string queries(unsigned count) {
  std::string all;
  for (unsigned id = 0; id < count; id++) all += framed(query(id));
  return all;
}

inline unsigned id_of(const std::string& message) { return read16(octets(message)); }

// The IDs that a client has heard are 0, 1, 2, ... `count - 1`.
inline bool heard_in_order(const ScriptedClient& client, unsigned count) {
  const std::vector<std::string> messages = unframed(client.heard);
  for (unsigned i = 0; i < messages.size(); i++) {
    if (id_of(messages[i]) != i) return false;
  }
  return messages.size() == count;
}

}  // namespace multisocket::test

#endif  // MULTISOCKET_TEST_SCRIPTED_STREAM_H_
