// Tests of streams on connections for DNS over TCP: who waits for whom, and how they end.
#include <string>
#include <utility>
#include <vector>

#include "check.h"
#include "scripted_stream.h"

using namespace multisocket;
using namespace multisocket::test;

namespace {

// A worker whose handler streams.
struct StreamingWorker : ScriptedWorker {
  std::vector<std::pair<uint32_t, bool>> changes;

  StreamingWorker() {
    at_once = [](const std::string&) { return false; };
  }

  // Starts a stream in reply to a query of the client, and returns the number of its connection.
  uint32_t begin(ScriptedClient* client) {
    client->sent = queries(1);
    run();
    const uint32_t connection = held.front().connection;
    held.pop_front();
    connections->begin_stream(connection);
    drop(connection);
    return connection;
  }
  // The handler returns without a reply.
  void drop(uint32_t connection) {
    uint32_t* entry = outbox() + 1;
    entry[layout::kTcpReplyConnection] = connection;
    entry[layout::kTcpReplyLength] = 0;
    outbox()[0] = 1;
    connections->flush();
  }
  uint32_t send(uint32_t connection, size_t size, char octet = 'x') {
    const std::string frame = framed(std::string(size, octet));
    return connections->send_stream(connection, octets(frame), static_cast<uint32_t>(frame.size()));
  }
  void report() {
    connections->report_streams([this](uint32_t slot, bool open) { changes.emplace_back(slot, open); });
  }
};

void a_stream_waits_until_all_is_read() {
  StreamingWorker worker;
  ScriptedClient* client = worker.connect();
  const uint32_t connection = worker.begin(client);
  CHECK(worker.send(connection, 1000) == 0);
  client->window = 500;
  CHECK(worker.send(connection, 1000) == 502 && client->watched);
  worker.report();
  CHECK(worker.changes.empty());
  client->window = 300;
  worker.wake(*client, true);
  worker.report();
  CHECK(worker.changes.empty() && !worker.connections->busy());
  client->window = SIZE_MAX;
  worker.wake(*client, true);
  CHECK(worker.connections->busy());
  worker.report();
  CHECK(worker.changes.size() == 1 && worker.changes[0] == std::make_pair(connection, true));
  CHECK(unframed(client->heard).size() == 2);
}

void a_client_that_stops_reading_is_cut_off_and_reported() {
  StreamingWorker worker;
  ScriptedClient* client = worker.connect();
  const uint32_t connection = worker.begin(client);
  client->window = 10;
  CHECK(worker.send(connection, 1000) > 0);
  worker.io.time += ScriptedWorker::kTimeouts.write + 500;
  worker.connections->tick();
  CHECK(client->server_closed && worker.counted(layout::kTcpWriteTimeout) == 1);
  worker.report();
  CHECK(worker.changes.size() == 1 && worker.changes[0] == std::make_pair(connection, false));
  CHECK(worker.send(connection, 1) == TcpConnections::kClosed);
  // The slot is not given to another client while the stream has it.
  ScriptedClient* other = worker.connect();
  other->sent = queries(1);
  worker.run();
  CHECK(worker.held.front().connection != connection);
  worker.connections->end_stream(connection, false);
}

void a_stream_that_fails_resets_its_connection() {
  for (const bool cut : {false, true}) {
    StreamingWorker worker;
    ScriptedClient* client = worker.connect();
    const uint32_t connection = worker.begin(client);
    CHECK(worker.send(connection, 100) == 0);
    worker.connections->end_stream(connection, cut);
    CHECK(client->server_closed == cut && client->server_reset == cut);
    worker.connections->end_stream(connection, cut);  // once too often is harmless
    CHECK(worker.counted(layout::kTcpOpen) == (cut ? 0 : 1));
  }
}

void a_stream_keeps_its_connection_open() {
  StreamingWorker worker;
  ScriptedClient* client = worker.connect();
  const uint32_t connection = worker.begin(client);
  worker.io.time += 10 * ScriptedWorker::kTimeouts.idle;
  worker.connections->tick();
  worker.connections->drain();
  client->closed = true;
  worker.wake(*client);
  worker.run();
  CHECK(!client->server_closed && worker.send(connection, 100) == 0);
  worker.connections->end_stream(connection, false);
  CHECK(client->server_closed && !client->server_reset);
}

void a_reset_is_reported() {
  StreamingWorker worker;
  ScriptedClient* client = worker.connect();
  const uint32_t connection = worker.begin(client);
  client->reset = true;
  CHECK(worker.send(connection, 100) == TcpConnections::kClosed);
  worker.report();
  CHECK(worker.changes.size() == 1 && !worker.changes[0].second);
  worker.connections->end_stream(connection, true);
  CHECK(worker.connections->count() == 0);
}

void wrong_numbers_are_harmless() {
  StreamingWorker worker;
  worker.connect();
  worker.run();
  for (const uint32_t slot : {0U, 5U, 100000U, UINT32_MAX}) {
    worker.connections->begin_stream(slot);
    worker.connections->end_stream(slot, true);
  }
  CHECK(worker.send(100000, 10) == TcpConnections::kClosed);
  worker.connections->close_all();
  CHECK(worker.send(0, 10) == TcpConnections::kClosed);
}

}  // namespace

int main() {
  a_stream_waits_until_all_is_read();
  a_client_that_stops_reading_is_cut_off_and_reported();
  a_stream_that_fails_resets_its_connection();
  a_stream_keeps_its_connection_open();
  a_reset_is_reported();
  wrong_numbers_are_harmless();
  return conclude();
}
