// Tests of connections for DNS over TCP: frames, batches and replies, with clients that are scripted.
#include <string>
#include <vector>

#include "check.h"
#include "scripted_stream.h"

using namespace multisocket;
using namespace multisocket::test;

namespace {

void short_connections_cost_four_calls_and_are_never_watched() {
  ScriptedWorker worker;
  ScriptedClient* client = worker.connect();
  client->sent = queries(1);
  worker.connections->serve();
  CHECK(heard_in_order(*client, 1));
  client->closed = true;
  worker.connections->serve();
  CHECK(client->server_closed && !client->watched && !client->server_finished);
  CHECK(worker.io.receives == 2 && worker.io.sends == 1);
  CHECK(worker.connections->count() == 0 && !worker.connections->busy());
  CHECK(worker.counted(layout::kTcpAccepted) == 1 && worker.counted(layout::kTcpOpen) == 0);
  CHECK(worker.counted(layout::kTcpQueries) == 1 && worker.counted(layout::kTcpReplies) == 1);
  CHECK(worker.open_in_limits() == 0);
}

void a_connection_that_stays_is_watched_after_one_more_attempt() {
  ScriptedWorker worker;
  ScriptedClient* client = worker.connect();
  worker.run();
  CHECK(client->watched && worker.io.receives == 1 && !worker.connections->busy());
  client->sent = queries(3);
  worker.wake(*client);
  worker.run();
  CHECK(heard_in_order(*client, 3) && worker.io.receives == 2 && worker.io.sends == 1);
}

void messages_are_found_however_they_are_cut() {
  for (size_t segment = 1; segment <= 90; segment++) {
    ScriptedWorker worker;
    ScriptedClient* client = worker.connect();
    client->segment = segment;
    client->sent = queries(7);
    while (!client->sent.empty()) {
      worker.wake(*client);
      worker.run();
    }
    CHECK(heard_in_order(*client, 7));
  }
}

void one_batch_has_the_queries_of_all_connections() {
  ScriptedWorker worker;
  std::vector<ScriptedClient*> clients;
  for (unsigned i = 0; i < 10; i++) {
    clients.push_back(worker.connect());
    clients.back()->sent = queries(3);
  }
  worker.connections->serve();
  CHECK(worker.batches.size() == 1 && worker.batches[0] == 30);
  for (const ScriptedClient* client : clients) CHECK(heard_in_order(*client, 3));
  CHECK(worker.io.sends == 10);
}

void a_greedy_client_does_not_delay_others() {
  ScriptedWorker worker(1000);
  ScriptedClient* greedy = worker.connect();
  ScriptedClient* modest = worker.connect();
  greedy->sent = queries(1000);
  modest->sent = queries(1);
  unsigned before = 0;
  worker.at_once = [&](const std::string&) {
    if (modest->heard.empty()) before++;
    return true;
  };
  worker.run();
  CHECK(before <= 2 * layout::kBatchSize);
  CHECK(heard_in_order(*greedy, 1000) && heard_in_order(*modest, 1));
}

void malformed_messages_are_answered_or_dropped_in_their_place() {
  ScriptedWorker worker;
  ScriptedClient* client = worker.connect();
  std::string malformed = query(1);
  malformed[5] = 2;  // QDCOUNT
  client->sent = framed(query(0)) + framed(malformed) + framed("short") + framed("") + framed(query(2));
  worker.run();
  const std::vector<std::string> heard = unframed(client->heard);
  CHECK(heard.size() == 3);
  CHECK(worker.counted(layout::kTcpQueries) == 5 && worker.counted(layout::kTcpReplies) == 3);
  CHECK(worker.counted(layout::kFormatErrors) == 1 && worker.counted(layout::kDroppedShort) == 2);
  CHECK(worker.batches.size() == 1 && worker.batches[0] == 2);
}

void handlers_hold_as_many_as_are_allowed() {
  ScriptedWorker worker(5);
  worker.at_once = [](const std::string&) { return false; };
  ScriptedClient* client = worker.connect();
  client->sent = queries(12);
  worker.run();
  CHECK(worker.held.size() == 5 && !worker.connections->busy());
  size_t most = 0;
  while (!worker.held.empty()) {
    most = std::max(most, worker.held.size());
    worker.answer_held();
    worker.connections->flush();
    worker.run();
  }
  CHECK(most == 5 && heard_in_order(*client, 12));
}

void late_replies_leave_together() {
  ScriptedWorker worker;
  worker.at_once = [](const std::string&) { return false; };
  ScriptedClient* client = worker.connect();
  client->sent = queries(20);
  worker.run();
  for (unsigned i = 0; i < 20; i++) worker.answer_held();
  worker.connections->flush();
  CHECK(worker.io.sends == 1 && heard_in_order(*client, 20));
}

void a_client_that_reads_again_gets_all() {
  ScriptedWorker worker(100000);
  worker.answer = [](const std::string& message) { return message + std::string(20000, 'x'); };
  ScriptedClient* client = worker.connect();
  client->window = 1;
  client->sent = queries(300);
  worker.run();
  while (unframed(client->heard).size() < 300) {
    client->window = 333333;
    worker.wake(*client, true);
    worker.run();
  }
  CHECK(heard_in_order(*client, 300));
}

void entries_that_make_no_sense_are_passed_over() {
  ScriptedWorker worker;
  ScriptedClient* client = worker.connect();
  worker.at_once = [](const std::string&) { return false; };
  client->sent = queries(1);
  worker.run();
  const uint32_t entries[][3] = {{7777, 0, 0}, {0, 0, 20}, {0, layout::kTcpAnswersOffset - 5, 20}, {63, 0, 0}};
  for (const auto& entry : entries) {
    worker.outbox()[0] = 1;
    std::copy(entry, entry + 3, worker.outbox() + 1);
    worker.connections->flush();
  }
  CHECK(client->heard.empty());
}

void proxies_name_their_clients() {
  ScriptedWorker worker(100, TcpConnections::kAnyNumber, 100, 2);
  ProxyProtocol::Options options;
  const uint8_t proxies[16] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 0, 0, 1};
  options.from.emplace_back(proxies, 128);
  options.required = true;
  worker.listener->proxy = std::make_shared<const ProxyProtocol>(options);
  const std::string header = "PROXY TCP4 192.0.2.1 198.51.100.53 1234 53\r\n";
  ScriptedClient* whole = worker.connect(1);
  whole->sent = header + queries(2);
  ScriptedClient* cut = worker.connect(1);
  cut->segment = 1;
  cut->sent = whole->sent;
  ScriptedClient* bare = worker.connect(1);
  bare->sent = queries(1);
  ScriptedClient* stranger = worker.connect(2);
  stranger->sent = header + queries(1);
  worker.run();
  while (!cut->sent.empty()) {
    worker.wake(*cut);
    worker.run();
  }
  CHECK(heard_in_order(*whole, 2) && heard_in_order(*cut, 2));
  CHECK(bare->server_closed && bare->heard.empty() && stranger->server_closed && stranger->heard.empty());
  CHECK(worker.counted(layout::kProxyRefused) == 2);
  ScriptedClient* third = worker.connect(1);  // the client has two connections already
  third->sent = header + queries(1);
  worker.run();
  CHECK(third->server_closed && third->heard.empty() && worker.counted(layout::kTcpRefusedClient) == 1);
  worker.connections->close_all();
  CHECK(worker.open_in_limits() == 0);
}

}  // namespace

int main() {
  short_connections_cost_four_calls_and_are_never_watched();
  a_connection_that_stays_is_watched_after_one_more_attempt();
  messages_are_found_however_they_are_cut();
  one_batch_has_the_queries_of_all_connections();
  a_greedy_client_does_not_delay_others();
  malformed_messages_are_answered_or_dropped_in_their_place();
  handlers_hold_as_many_as_are_allowed();
  late_replies_leave_together();
  a_client_that_reads_again_gets_all();
  entries_that_make_no_sense_are_passed_over();
  proxies_name_their_clients();
  return conclude();
}
