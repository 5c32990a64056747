// Tests of connections for DNS over TCP: limits, timeouts and ends, with clients that are scripted.
#include <string>
#include <vector>

#include "check.h"
#include "scripted_stream.h"

using namespace multisocket;
using namespace multisocket::test;

namespace {

void a_client_that_does_not_read_is_served_no_further() {
  ScriptedWorker worker(100000);
  worker.answer = [](const std::string& message) { return message + std::string(20000, 'x'); };
  ScriptedClient* client = worker.connect();
  client->window = 50000;
  client->sent = queries(1000);
  worker.run();
  const double taken = worker.counted(layout::kTcpQueries);
  CHECK(taken < 200 && !worker.connections->busy() && client->watched);
  worker.io.time += ScriptedWorker::kTimeouts.write - 1000;
  client->window = 10000;  // it reads a little, and has more time
  worker.wake(*client, true);
  worker.run();
  worker.io.time += ScriptedWorker::kTimeouts.write - 1000;
  worker.connections->tick();
  CHECK(!client->server_closed);
  worker.io.time += 1500;
  worker.connections->tick();
  CHECK(client->server_closed && worker.counted(layout::kTcpWriteTimeout) == 1);
}

void a_client_that_has_closed_its_side_gets_all_replies() {
  ScriptedWorker worker;
  worker.at_once = [](const std::string& message) { return id_of(message) % 2 == 0; };
  ScriptedClient* client = worker.connect();
  client->sent = queries(6);
  client->closed = true;
  worker.run();
  CHECK(!client->server_closed && unframed(client->heard).size() == 3);
  while (!worker.held.empty()) worker.answer_held();
  worker.connections->flush();
  CHECK(client->server_closed && unframed(client->heard).size() == 6);
}

void the_end_that_came_with_the_last_octets_is_seen() {
  ScriptedWorker worker;
  ScriptedClient* client = worker.connect();
  worker.run();
  CHECK(client->watched);
  client->sent = queries(1);
  client->closed = true;
  worker.wake(*client);  // one event for both
  worker.run();
  CHECK(heard_in_order(*client, 1) && client->server_closed);
}

void a_slot_is_free_after_the_last_reply_only() {
  ScriptedWorker worker;
  worker.at_once = [](const std::string&) { return false; };
  ScriptedClient* gone = worker.connect();
  gone->sent = queries(1);
  worker.run();
  gone->reset = true;
  worker.wake(*gone);
  CHECK(gone->server_closed && worker.connections->count() == 0);
  ScriptedClient* other = worker.connect();
  other->sent = queries(1);
  worker.run();
  worker.answer_held();  // the reply to the one that has gone
  worker.connections->flush();
  CHECK(other->heard.empty());
  worker.answer_held();
  worker.connections->flush();
  CHECK(heard_in_order(*other, 1));
  worker.wake(*gone);  // an old event
  CHECK(!other->server_closed);
}

void a_slot_is_given_back_once() {
  ScriptedWorker worker;
  ScriptedClient* gone = worker.connect();
  gone->sent = queries(1);
  worker.at_once = [&](const std::string&) {
    gone->reset = true;  // sending fails
    return true;
  };
  worker.connections->serve();
  CHECK(gone->server_closed && worker.connections->count() == 0);
  worker.at_once = [](const std::string&) { return true; };
  ScriptedClient* first = worker.connect();
  ScriptedClient* second = worker.connect();
  first->sent = queries(1);
  second->sent = queries(2);
  worker.run();
  CHECK(heard_in_order(*first, 1) && heard_in_order(*second, 2));
}

void timeouts_hold() {
  ScriptedWorker worker;
  const auto& timeouts = ScriptedWorker::kTimeouts;
  ScriptedClient* idle = worker.connect();
  ScriptedClient* drips = worker.connect();
  ScriptedClient* held = worker.connect();
  worker.at_once = [](const std::string&) { return false; };
  held->sent = queries(1);
  worker.run();
  drips->sent = std::string("\0", 1);
  worker.wake(*drips);
  worker.run();
  for (uint32_t passed = 0; passed < timeouts.message; passed += 500) {
    CHECK(!drips->server_closed);
    worker.io.time += 500;
    drips->sent = "x";
    worker.wake(*drips);
    worker.run();
    worker.connections->tick();
  }
  worker.io.time += 500;
  worker.connections->tick();
  CHECK(drips->server_closed && worker.counted(layout::kTcpMessageTimeout) == 1 && !idle->server_closed);
  worker.io.time += timeouts.idle - timeouts.message - 600;
  worker.connections->tick();
  CHECK(!idle->server_closed);
  worker.io.time += 1000;
  worker.connections->tick();
  CHECK(idle->server_closed && worker.counted(layout::kTcpIdle) == 1 && !held->server_closed);
  worker.answer_held();
  worker.connections->flush();
  worker.io.time += timeouts.idle - 500;
  worker.connections->tick();
  CHECK(!held->server_closed);
  worker.io.time += 1000;
  worker.connections->tick();
  CHECK(held->server_closed && worker.counted(layout::kTcpIdle) == 2);
}

void draining_finishes_what_was_taken() {
  ScriptedWorker worker;
  ScriptedClient* idle = worker.connect();
  ScriptedClient* busy = worker.connect();
  idle->sent = queries(1);
  worker.run();
  worker.at_once = [](const std::string&) { return false; };
  busy->sent = queries(2);
  worker.run();
  worker.connections->drain();
  worker.run();
  CHECK(idle->server_finished && !idle->server_closed && !busy->server_finished);
  busy->sent = queries(1);
  worker.wake(*busy);
  worker.run();
  CHECK(worker.held.size() == 2 && busy->sent.empty());
  while (!worker.held.empty()) worker.answer_held();
  worker.connections->flush();
  CHECK(heard_in_order(*busy, 2) && busy->server_finished);
  busy->closed = true;
  worker.wake(*busy);
  worker.run();
  CHECK(busy->server_closed && worker.connections->count() == 1);
  worker.io.time += ScriptedWorker::kTimeouts.linger + 500;
  worker.connections->tick();
  CHECK(idle->server_closed && worker.connections->count() == 0);
  CHECK(worker.counted(layout::kTcpIdle) == 0);
}

void what_came_before_the_drain_is_answered() {
  ScriptedWorker worker;
  std::vector<ScriptedClient*> clients;
  for (unsigned i = 0; i < 4; i++) clients.push_back(worker.connect());
  clients[0]->sent = queries(1);
  worker.run();
  clients[0]->sent = queries(2);  // these come without an event
  clients[1]->sent = queries(3);
  clients[2]->sent = queries(1) + std::string("\0", 1);
  worker.connections->drain();
  worker.run();
  CHECK(unframed(clients[0]->heard).size() == 3 && clients[0]->server_finished);
  CHECK(heard_in_order(*clients[1], 3) && clients[1]->server_finished);
  CHECK(heard_in_order(*clients[2], 1) && !clients[2]->server_finished && !clients[3]->server_finished);
}

void a_first_query_has_time_until_the_grace_of_the_drain_ends() {
  ScriptedWorker worker;
  ScriptedClient* quick = worker.connect();
  ScriptedClient* slow = worker.connect();
  ScriptedClient* busy = worker.connect();
  worker.run();
  worker.connections->drain();
  worker.run();
  CHECK(!quick->server_finished && !slow->server_finished);
  worker.io.time += TcpConnections::kDrainGrace - 10;
  const std::string first = queries(1);
  quick->sent = first.substr(0, 5);
  busy->sent = queries(1) + "\1";  // as if there was always more
  worker.wake(*quick);
  worker.wake(*busy);
  worker.run();
  worker.connections->tick();
  CHECK(!quick->server_finished && !slow->server_finished && !busy->server_finished);
  quick->sent = first.substr(5);
  worker.wake(*quick);
  worker.run();
  CHECK(heard_in_order(*quick, 1) && quick->server_finished && !slow->server_finished);
  worker.io.time += 10;
  worker.connections->tick();
  worker.run();
  CHECK(slow->server_finished && heard_in_order(*busy, 1) && busy->server_finished);
  CHECK(worker.counted(layout::kTcpIdle) == 0 && worker.counted(layout::kTcpMessageTimeout) == 0);
}

void limits_hold() {
  ScriptedWorker worker(100, 3, 4, 2);
  ScriptedClient* first = worker.connect(1);
  CHECK(worker.connect(1) != nullptr);
  CHECK(worker.connect(1) == nullptr);
  CHECK(worker.connect(2) != nullptr && worker.connect(3) != nullptr);
  CHECK(worker.connect(4) == nullptr);
  CHECK(worker.counted(layout::kTcpRefusedClient) == 1 && worker.counted(layout::kTcpRefused) == 1);
  first->sent = queries(5);
  worker.run();
  CHECK(heard_in_order(*first, 3) && first->server_finished);
  first->closed = true;
  worker.wake(*first);
  worker.run();
  CHECK(first->server_closed && worker.connect(4) != nullptr);
}

void closing_all_leaves_nothing() {
  ScriptedWorker worker;
  worker.at_once = [](const std::string&) { return false; };
  for (uint8_t host = 0; host < 100; host++) worker.connect(host)->sent = queries(1);
  worker.run();
  worker.connections->close_all();
  CHECK(worker.connections->count() == 0 && worker.open_in_limits() == 0);
  CHECK(worker.counted(layout::kTcpOpen) == 0);
  for (const auto& client : worker.io.clients) CHECK(client.second.server_closed);
  worker.answer_held();
  worker.connections->flush();
  worker.connections->serve();
}

void a_connection_that_cannot_be_watched_is_closed() {
  ScriptedWorker worker;
  worker.io.fails_to_watch = true;
  ScriptedClient* client = worker.connect();
  worker.run();
  CHECK(client->server_closed && worker.connections->count() == 0);
}

}  // namespace

int main() {
  a_client_that_does_not_read_is_served_no_further();
  a_client_that_has_closed_its_side_gets_all_replies();
  the_end_that_came_with_the_last_octets_is_seen();
  a_slot_is_free_after_the_last_reply_only();
  a_slot_is_given_back_once();
  timeouts_hold();
  draining_finishes_what_was_taken();
  what_came_before_the_drain_is_answered();
  a_first_query_has_time_until_the_grace_of_the_drain_ends();
  limits_hold();
  closing_all_leaves_nothing();
  a_connection_that_cannot_be_watched_is_closed();
  return conclude();
}
