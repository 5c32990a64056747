// libFuzzer target: what the clients of TcpConnections do, in any order. The input is a list of steps. Segment
// boundaries, resets, windows and the clock are part of it.
#include <cstdlib>
#include <cstring>

#include "check.h"
#include "scripted_stream.h"

using namespace multisocket;
using namespace multisocket::test;

namespace {

// abort() and not assert(), so that NDEBUG has no effect.
void require(bool holds) {
  if (!holds) abort();
}

constexpr size_t kMaxClients = 6;
constexpr uint32_t kMaxPipelined = 4;

class Input {
 public:
  Input(const uint8_t* data, size_t size) : data_(data), left_(size) {}
  bool empty() const { return left_ == 0; }
  uint8_t octet() {
    if (left_ == 0) return 0;
    left_--;
    return *data_++;
  }
  std::string text(size_t most) {
    const size_t count = std::min(most, left_);
    std::string text(reinterpret_cast<const char*>(data_), count);
    data_ += count;
    left_ -= count;
    return text;
  }

 private:
  const uint8_t* data_;
  size_t left_;
};

struct Client {
  ScriptedClient* stream;
  unsigned asked = 0;   // well-formed queries, with IDs from 0
  unsigned heard = 0;   // messages that were looked at
  size_t looked = 0;    // octets of them
  bool clean = true;    // it sent nothing else
  bool patient = true;  // it stays, and reads all
};

class Run {
 public:
  explicit Run(uint8_t options)
      : worker_(kMaxPipelined, options & 1 ? 5 : TcpConnections::kAnyNumber, 5, options & 2 ? 2 : 5),
        limited_(options & 1) {
    worker_.at_once = [this](const std::string&) { return answers_; };
  }

  void step(uint8_t what, Input* input) {
    const uint8_t choice = what & 15;
    if (choice == 0) {
      connect(what >> 4);
      return;
    }
    if (choice >= 12) {
      general(choice, what, input);
      return;
    }
    if (clients_.empty()) return;
    Client& client = clients_[(what >> 4) % clients_.size()];
    switch (choice) {
      case 1:
        client.clean = false;
        client.stream->sent += input->text(input->octet());
        break;
      case 2:
      case 3:
        ask(&client, choice == 2 ? 1 : input->octet() % 16);
        break;
      case 4:
        client.stream->segment = 1 + input->octet();
        break;
      case 5:
        client.stream->closed = true;
        break;
      case 6:
        client.stream->reset = true;
        client.patient = false;
        break;
      case 7:
        client.stream->window = input->octet() * 8;
        client.patient = false;
        break;
      case 8:
        worker_.wake(*client.stream);
        break;
      case 9:
        client.stream->window = SIZE_MAX;
        worker_.wake(*client.stream, true);
        break;
      case 10:
        worker_.wake(*client.stream, true);
        break;
      default:
        worker_.connections->wake(input->octet(), {true, true, false, false});  // a token that nobody has
    }
  }

  void check() {
    const double open = worker_.connections->count();
    require(worker_.counted(layout::kTcpOpen) == open && worker_.open_in_limits() == open);
    require(worker_.held.size() <= kMaxPipelined * kMaxClients * 4);
    require(worker_.counted(layout::kTcpReplies) <= worker_.counted(layout::kTcpQueries));
    for (Client& client : clients_) look(&client);
  }

  // Lets all clients that have patience hear the rest.
  void finish() {
    answers_ = true;
    for (const Client& client : clients_) client.stream->segment = SIZE_MAX;
    for (unsigned round = 0; round < 2000; round++) {
      bool more = !worker_.held.empty();
      while (!worker_.held.empty()) worker_.answer_held();
      worker_.connections->flush();
      for (const Client& client : clients_) {
        more = more || !client.stream->sent.empty();
        worker_.wake(*client.stream, true);
      }
      worker_.run();
      if (!more) break;
    }
    check();
    for (const Client& client : clients_) {
      if (!client.clean || !client.patient || limited_ || timed_ || drained_) continue;
      require(client.heard == client.asked);
    }
    worker_.io.time += 100000;
    for (unsigned i = 0; i < 50 && worker_.connections->count() > 0; i++) {
      worker_.io.time += 1000;
      worker_.connections->tick();
    }
    require(worker_.connections->count() == 0);
    worker_.connections->close_all();
    require(worker_.open_in_limits() == 0);
  }

 private:
  void connect(uint8_t host) {
    if (clients_.size() == kMaxClients) return;
    ScriptedClient* stream = worker_.connect(host % 3);
    if (stream != nullptr) clients_.push_back({stream});
  }

  // Looks at the messages that the client has heard since the last look.
  static void look(Client* client) {
    const std::string& stream = client->stream->heard;
    while (stream.size() - client->looked >= 2) {
      const uint8_t* message = octets(stream) + client->looked;
      const size_t length = read16(message);
      if (stream.size() - client->looked - 2 < length) break;
      if (client->clean) require(length >= 2 && read16(message + 2) < client->asked);
      client->looked += 2 + length;
      client->heard++;
    }
    if (client->clean) require(client->heard <= client->asked);
  }

  void ask(Client* client, unsigned count) {
    if (client->stream->closed) return;
    for (unsigned i = 0; i < count; i++) {
      Query query;
      query.id = client->asked++;
      client->stream->sent += framed(query.message());
    }
  }

  void general(uint8_t choice, uint8_t what, Input* input) {
    if (choice == 12) {
      worker_.connections->serve();
    } else if (choice == 13) {
      worker_.io.time += input->octet() * 40;
      worker_.connections->tick();
      timed_ = true;
    } else if (choice == 14) {
      if (!worker_.held.empty()) worker_.answer_held();
      if (what & 16) worker_.connections->flush();
      if (what & 32) answers_ = !answers_;
    } else if ((what >> 4) == 15) {
      worker_.connections->drain();
      drained_ = true;
    } else {
      worker_.run();
    }
  }

  ScriptedWorker worker_;
  std::vector<Client> clients_;
  bool limited_;
  bool answers_ = true;
  bool timed_ = false;
  bool drained_ = false;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Input input(data, size);
  Run run(input.octet());
  while (!input.empty()) {
    run.step(input.octet(), &input);
    run.check();
  }
  run.finish();
  return 0;
}
