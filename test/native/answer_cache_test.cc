// Tests of the answer cache through its interface: which replies it stores, which queries get them, and their octets.
#include "cache/answer_cache.h"

#include <cstring>
#include <functional>
#include <vector>

#include "check.h"
#include "guard/siphash.h"
#include "node/registry.h"
#include "test_cache.h"

using namespace multisocket;
using namespace multisocket::test;

namespace {

constexpr unsigned kA = 1, kNs = 2, kSoa = 6, kNull = 10;
const std::string kToQuestion("\xc0\x0c", 2);  // a compressed name: that of the question
const std::string kAddress("\xc0\x00\x02\x01", 4);

CacheOptions options_of(size_t max_bytes) {
  CacheOptions options;
  options.max_bytes = max_bytes;
  return options;
}

struct Records {
  std::vector<std::string> answers, authorities, additionals;
};

// A reply without OPT, as the encoder makes it for a handler.
std::string reply_to(const Query& query, const Records& records, unsigned flags = 0x8400) {
  const auto count = [](const std::vector<std::string>& section) {
    return number16(static_cast<unsigned>(section.size()));
  };
  std::string message = number16(query.id) + number16(flags | (query.flags & 0x0110)) + number16(1) +
                        count(records.answers) + count(records.authorities) + count(records.additionals) +
                        query.question();
  for (const auto* section : {&records.answers, &records.authorities, &records.additionals}) {
    for (const std::string& each : *section) message += each;
  }
  return message;
}

std::string simple_reply(const Query& query, uint32_t ttl = 300, const std::string& data = kAddress) {
  // An AAAA record has 16 octets.
  std::string answer =
      record(kToQuestion, query.type, ttl, query.type == 28 ? data + std::string(16 - data.size(), '\0') : data);
  answer.replace(kToQuestion.size() + 2, 2, number16(query.klass));
  return reply_to(query, {{answer}, {}, {}});
}

std::string soa(uint32_t ttl, uint32_t minimum) {
  return record(kToQuestion, kSoa, ttl, std::string(2, '\0') + std::string(16, 'n') + number32(minimum));
}

Answer answer_of(const std::string& message) {
  Answer answer;
  answer.message = octets(message);
  answer.length = message.size();
  return answer;
}

bool store(TestCache* cache, const Query& query, const Answer& answer, uint32_t now = 1000, const Origin& origin = {}) {
  const Examined examined(query);
  return cache->store(examined.data(), examined.view, origin, answer, now);
}

bool store(TestCache* cache, const Query& query, const std::string& reply, uint32_t now = 1000,
           const Origin& origin = {}) {
  Answer answer = answer_of(reply);
  answer.generation = cache->generation();
  return store(cache, query, answer, now, origin);
}

struct Reply {
  AnswerCache::Found found;
  std::string message;
};

Reply look_up(TestCache* cache, const Query& query, uint32_t now = 1000, const Origin& origin = {},
              bool allow_stale = false, size_t capacity = 65535) {
  const Examined examined(query);
  std::vector<uint8_t> out(capacity, 0xaa);
  Reply reply;
  reply.found = cache->look_up(examined.data(), examined.view, origin, now, allow_stale, out.data(), capacity);
  reply.message.assign(out.begin(), out.begin() + static_cast<long>(reply.found.length));
  return reply;
}

bool hits(TestCache* cache, const Query& query, uint32_t now = 1000, const Origin& origin = {}) {
  return look_up(cache, query, now, origin).found.length != 0;
}

Query edns_query() {
  Query query;
  query.opt = true;
  return query;
}

void hashes_as_the_paper_says() {
  const SipKey key = {0x0706050403020100, 0x0f0e0d0c0b0a0908};
  uint8_t input[15];
  for (unsigned i = 0; i < sizeof input; i++) input[i] = static_cast<uint8_t>(i);
  CHECK((siphash<2, 4>(key, input, sizeof input) == 0xa129ca6149be45e5));
}

// --- Octets

void gives_what_the_handler_gave() {
  TestCache cache(options_of(1 << 20));
  const Query query;
  const std::string reply =
      reply_to(query, {{record(kToQuestion, kA, 300, kAddress), record(wire_name("Other.Example"), kA, 400, kAddress)},
                       {record(kToQuestion, kNs, 500, wire_name("ns.example.org"))},
                       {record(wire_name("ns.example.org"), kA, 600, kAddress)}});
  CHECK(look_up(&cache, query).message.empty());
  CHECK(store(&cache, query, reply));
  CHECK(look_up(&cache, query).message == reply);
  CHECK(look_up(&cache, query).message == reply);  // the same reply again
}

void gives_each_client_its_id_and_spelling() {
  TestCache cache(options_of(1 << 20));
  Query first;
  CHECK(store(&cache, first, simple_reply(first)));
  Query second;
  second.id = 0xbeef;
  second.name = "wWw.eXample.ORG";
  CHECK(look_up(&cache, second).message == simple_reply(second));
  CHECK(look_up(&cache, first).message == simple_reply(first));
}

void appends_an_opt_of_its_own() {
  TestCache cache(options_of(1 << 20));
  Query query = edns_query();
  query.payload_size = 4096;
  query.opt_flags = 0x8000;
  Records records = {{record(kToQuestion, kA, 300, kAddress)}, {}, {record(wire_name("x"), kA, 300, kAddress)}};
  CHECK(store(&cache, query, reply_to(query, records)));
  records.additionals.push_back(opt_record(1232, 0x8000, ""));
  CHECK(look_up(&cache, query).message == reply_to(query, records));

  // Without DO. An unknown flag is not echoed.
  query.opt_flags = 0x0001;
  CHECK(store(&cache, query, simple_reply(query)));
  CHECK(look_up(&cache, query).message ==
        reply_to(query, {{record(kToQuestion, kA, 300, kAddress)}, {}, {opt_record(1232, 0, "")}}));
}

void gives_the_options_of_the_answer_to_those_with_opt() {
  TestCache cache(options_of(1 << 20));
  const std::string ede = option(15, number16(4) + "forged");
  for (const bool opt : {true, false}) {
    Query query;
    query.opt = opt;
    const std::string reply = simple_reply(query);
    Answer answer = answer_of(reply);
    answer.options = octets(ede);
    answer.options_length = ede.size();
    CHECK(store(&cache, query, answer));
    Records records = {{record(kToQuestion, kA, 300, kAddress)}, {}, {}};
    if (opt) records.additionals.push_back(opt_record(1232, 0, ede));
    CHECK(look_up(&cache, query).message == reply_to(query, records));
  }
}

void answers_in_place() {
  TestCache cache(options_of(1 << 20));
  Query query = edns_query();
  query.options = option(8, std::string("\0\1\x18\0\xc0\0\2", 7));
  CHECK(store(&cache, query, simple_reply(query)));
  query.name = "WWW.example.org";
  const Examined examined(query);
  uint8_t slot[2304];
  memcpy(slot, examined.data(), examined.bytes.size());
  const AnswerCache::Found found = cache.look_up(slot, examined.view, Origin{}, 1000U, false, slot, sizeof slot);
  const std::string expected = look_up(&cache, query).message;
  CHECK(!expected.empty());
  CHECK(std::string(slot, slot + found.length) == expected);
}

void leaves_alone_what_does_not_fit() {
  TestCache cache(options_of(1 << 20));
  const Query query;
  const std::string reply = simple_reply(query);
  CHECK(store(&cache, query, reply));
  const Examined examined(query);
  std::string out(reply.size(), 'x');
  auto* at = reinterpret_cast<uint8_t*>(out.data());
  CHECK(cache.look_up(examined.data(), examined.view, Origin{}, 1000U, false, at, reply.size() - 1).length == 0);
  CHECK(out == std::string(reply.size(), 'x'));
  CHECK(cache.look_up(examined.data(), examined.view, Origin{}, 1000U, false, at, reply.size()).length == reply.size());
  CHECK(out == reply);
}

// --- Isolation

void keeps_apart_what_differs() {
  const auto differing = [](const std::function<void(Query*)>& change) {
    Query query = edns_query();
    query.options = option(8, std::string("\0\1\x18\0\xc0\0\2", 7));
    change(&query);
    return query;
  };
  const auto subnet = [](const char* octets, size_t length) { return option(8, std::string(octets, length)); };
  const std::vector<Query> queries = {
      differing([](Query*) {}),
      differing([](Query* q) { q->name = "www.example.com"; }),
      differing([](Query* q) { q->name = "www.exampl.org"; }),
      differing([](Query* q) { q->name = "www.exampleorg"; }),
      differing([](Query* q) { q->name = ""; }),
      differing([](Query* q) { q->type = 28; }),
      differing([](Query* q) { q->klass = 3; }),
      differing([](Query* q) { q->flags = 0; }),           // RD
      differing([](Query* q) { q->flags |= 0x0020; }),     // AD
      differing([](Query* q) { q->flags |= 0x0010; }),     // CD
      differing([](Query* q) { q->flags |= 0x0400; }),     // a flag without a meaning in a query
      differing([](Query* q) { q->opt_flags = 0x8000; }),  // DO
      differing([](Query* q) { q->opt_flags = 0x4000; }),  // a flag that may have a meaning (RFC 9824)
      differing([](Query* q) { q->opt = false, q->options.clear(); }),
      differing([](Query* q) { q->payload_size = 512; }),
      differing([](Query* q) { q->payload_size = 1231; }),
      differing([](Query* q) { q->options.clear(); }),
      differing([&](Query* q) { q->options = subnet("\0\1\x18\0\xc0\0\3", 7); }),    // address
      differing([&](Query* q) { q->options = subnet("\0\1\x19\0\xc0\0\2\0", 8); }),  // prefix length
      differing([&](Query* q) { q->options = subnet("\0\2\x18\0\xc0\0\2", 7); }),    // family
      differing([&](Query* q) { q->options = subnet("\0\1\0\0", 4); }),              // "do not tell"
      differing([&](Query* q) { q->options = subnet("\0\2\x80\0\0\1\2\3\4\5\6\7\x8\x9\xa\xb\xc\xd\xe\xf", 20); }),
  };
  Origin stream;
  stream.transport = Transport::kTcp;
  const Origin origins[] = {{}, stream};
  const auto alike = [](Query one, const Query& other, Transport transport) {
    if (transport != Transport::kUdp) one.payload_size = other.payload_size;  // ignored in a stream
    return one.message() == other.message();
  };

  // Every pair, both ways: no query gets the reply of another.
  for (size_t i = 0; i < queries.size(); i++) {
    for (const Origin& stored : origins) {
      TestCache cache(options_of(1 << 20));
      CHECK(store(&cache, queries[i], simple_reply(queries[i]), 1000, stored));
      for (size_t j = 0; j < queries.size(); j++) {
        for (const Origin& asked : origins) {
          CHECK(hits(&cache, queries[j], 1000, asked) ==
                (stored.transport == asked.transport && alike(queries[i], queries[j], asked.transport)));
        }
      }
    }
  }
  // All queries in one cache with few buckets: each gets its own reply.
  TestCache cache(options_of(20000));
  for (size_t i = 0; i < queries.size(); i++) {
    for (const Origin& origin : origins) {
      const bool stands_for_others = origin.transport != Transport::kUdp && queries[i].payload_size != 1232;
      if (stands_for_others) continue;
      const std::string data = number16(static_cast<unsigned>(i)) + number16(static_cast<unsigned>(origin.transport));
      CHECK(store(&cache, queries[i], simple_reply(queries[i], 300, data), 1000, origin));
    }
  }
  CHECK(cache.counters().evictions == 0);
  for (size_t i = 0; i < queries.size(); i++) {
    for (const Origin& origin : origins) {
      const bool stands_for_others = origin.transport != Transport::kUdp && queries[i].payload_size != 1232;
      if (stands_for_others) continue;
      const std::string data = number16(static_cast<unsigned>(i)) + number16(static_cast<unsigned>(origin.transport));
      CHECK(look_up(&cache, queries[i], 1000, origin).message.find(data) != std::string::npos);
    }
  }
}

void shares_what_differs_in_nothing_that_matters() {
  TestCache cache(options_of(1 << 20));
  Query query = edns_query();
  query.payload_size = 1232;
  CHECK(store(&cache, query, simple_reply(query)));
  query.payload_size = 4096;  // our limit for both is 1,232
  CHECK(hits(&cache, query));
  query.payload_size = 512;
  CHECK(store(&cache, query, simple_reply(query)));
  query.payload_size = 0;  // counts as 512 (RFC 6891 s.6.2.3)
  CHECK(hits(&cache, query));

  Origin stream;
  stream.transport = Transport::kTcp;
  CHECK(store(&cache, query, simple_reply(query), 1000, stream));
  query.payload_size = 777;  // ignored in a stream
  CHECK(hits(&cache, query, 1000, stream));
  CHECK(!hits(&cache, query));
}

void varies_by_what_the_handler_says() {
  const std::string client = {10, 1, 2, 3}, neighbour = {10, 1, 2, 4}, stranger = {10, 1, 3, 3};
  const std::string local = {127, 0, 0, 1}, other_local = {127, 0, 0, 2};
  const std::string mapped = std::string(10, '\0') + "\xff\xff" + client,
                    mapped_stranger = std::string(10, '\0') + "\xff\xff" + stranger;
  const std::string v6 = std::string("\x20\x01\x0d\xb8\0\0\0\1", 8) + "hostpart",
                    v6_near = std::string("\x20\x01\x0d\xb8\0\0\0\2", 8) + "hostpart",
                    v6_far = std::string("\x20\x01\x0d\xb8\0\0\1\1", 8) + "hostpart";
  const auto origin = [](const std::string& from, const std::string& to) {
    Origin made;
    made.client = octets(from);
    made.client_length = static_cast<uint8_t>(from.size());
    made.local = octets(to);
    made.local_length = static_cast<uint8_t>(to.size());
    return made;
  };
  const std::vector<Origin> origins = {
      origin(client, local),       origin(neighbour, local), origin(stranger, local),
      origin(client, other_local), origin(mapped, local),    origin(mapped_stranger, local),
      origin(v6, local),           origin(v6_near, local),   origin(v6_far, local)};
  struct Case {
    unsigned vary_by;
    size_t from;
    std::vector<size_t> to;
  };
  const unsigned kAddressBit = kVaryByClientAddress, kNetworkBit = kVaryByClientNetwork,
                 kLocalBit = kVaryByLocalAddress;
  const std::vector<Case> cases = {
      {0, 0, {0, 1, 2, 3, 4, 5, 6, 7, 8}},
      {kAddressBit, 0, {0, 3, 4}},
      {kAddressBit, 5, {2, 5}},
      {kAddressBit, 6, {6}},
      {kNetworkBit, 0, {0, 1, 3, 4}},
      {kNetworkBit, 4, {0, 1, 3, 4}},
      {kNetworkBit, 6, {6, 7}},
      {kLocalBit, 0, {0, 1, 2, 4, 5, 6, 7, 8}},
      {kLocalBit, 3, {3}},
      {kLocalBit | kAddressBit, 0, {0, 4}},
      {kLocalBit | kNetworkBit, 0, {0, 1, 4}},
      {kAddressBit | kNetworkBit, 0, {0, 3, 4}},
  };
  const Query query;
  for (const Case& each : cases) {
    TestCache cache(options_of(1 << 20));
    const std::string reply = simple_reply(query);
    Answer answer = answer_of(reply);
    answer.vary_by = static_cast<uint8_t>(each.vary_by);
    CHECK(store(&cache, query, answer, 1000, origins[each.from]));
    for (size_t i = 0; i < origins.size(); i++) {
      bool expected = false;
      for (const size_t to : each.to) expected |= to == i;
      CHECK(hits(&cache, query, 1000, origins[i]) == expected);
    }
  }
  // Without the client's address, such an answer is neither stored nor returned.
  TestCache cache(options_of(1 << 20));
  const std::string reply = simple_reply(query);
  Answer answer = answer_of(reply);
  for (const unsigned vary_by : {kAddressBit, kNetworkBit, kLocalBit}) {
    answer.vary_by = static_cast<uint8_t>(vary_by);
    CHECK(!store(&cache, query, answer));
    CHECK(store(&cache, query, answer, 1000, origins[0]));
  }
  CHECK(!hits(&cache, query));
}

void shares_answers_among_those_who_ask_for_options_that_are_added_later() {
  CacheOptions options = options_of(1 << 20);
  options.ignore_nsid = true;
  TestCache cache(options);
  Query query = edns_query();
  query.options = option(3, "");
  CHECK(store(&cache, query, simple_reply(query)));
  for (const unsigned code : {3U, 11U, 12U}) {
    Query other = edns_query();
    other.options = option(code, "") + option(12, std::string(8, '\0'));
    const Reply reply = look_up(&cache, other);
    CHECK(reply.found.length != 0);
    CHECK(reply.found.opt == reply.found.length - 11);
    other.options += option(10, std::string(8, 'c'));
    CHECK(hits(&cache, other));
  }
  Query bare;
  CHECK(store(&cache, bare, simple_reply(bare)));
  CHECK(look_up(&cache, bare).found.opt == 0);
}

// --- Uncacheable queries and replies

void has_nothing_to_do_with_queries_answered_to_one_client() {
  TestCache cache(options_of(1 << 20));
  const auto refuses = [&](const Query& query) {
    CHECK(!store(&cache, query, simple_reply(query)));
    CHECK(!hits(&cache, query));
  };
  for (const unsigned code : {3U, 65001U}) {
    Query query = edns_query();
    query.options = option(code, std::string(8, 'c'));
    refuses(query);
    query.options = option(8, std::string(4, '\0')) + option(code, std::string(8, 'c'));
    refuses(query);
  }
  Query query = edns_query();
  query.options = option(8, std::string(4, '\0')) + option(8, std::string(4, '\0'));
  refuses(query);
  for (const unsigned type : {249U, 250U, 251U, 252U}) {
    Query transfer;
    transfer.type = type;
    refuses(transfer);
  }
  for (const std::string& signature : {tsig_record("key"), record(wire_name("key"), 24, 0, std::string(16, 'x'))}) {
    Query signed_query;
    signed_query.last = signature;
    refuses(signed_query);
    signed_query.opt = true;
    refuses(signed_query);
  }
  CHECK(cache.counters().entries == 0);
}

void does_not_keep_replies_that_are_not_to_be_kept() {
  TestCache cache(options_of(1 << 20));
  const Query query;
  const Records good = {{record(kToQuestion, kA, 300, kAddress)}, {}, {}};
  CHECK(!store(&cache, query, reply_to(query, good, 0x8600)));           // TC
  CHECK(!store(&cache, query, reply_to(query, good, 0x0400)));           // not a reply
  CHECK(!store(&cache, query, reply_to(query, good, 0x8400 | 0x2800)));  // UPDATE
  for (const unsigned type : {41U, 24U, 249U, 250U}) {
    CHECK(!store(&cache, query, reply_to(query, {good.answers, {}, {record(wire_name(""), type, 300, "")}})));
  }
  std::string two_questions = simple_reply(query);
  two_questions[5] = 2;
  CHECK(!store(&cache, query, two_questions));
  Query other;
  other.name = "wwx.example.org";
  CHECK(!store(&cache, query, simple_reply(other)));
  other = query;
  other.type = 2;
  CHECK(!store(&cache, query, simple_reply(other)));

  const std::string reply = simple_reply(query);
  for (size_t length = 0; length < reply.size(); length++) CHECK(!store(&cache, query, reply.substr(0, length)));
  CHECK(!store(&cache, query, reply + '\0'));
  std::string many = reply;
  many[6] = many[7] = '\xff';
  CHECK(!store(&cache, query, many));

  Answer answer = answer_of(reply);
  answer.extended_rcode = 1;  // BADVERS is 16, BADCOOKIE 23
  CHECK(!store(&cache, query, answer));

  CHECK(cache.counters().entries == 0);
  CHECK(store(&cache, query, reply));
}

void keeps_no_reply_that_the_client_would_not_get_whole() {
  Origin stream;
  stream.transport = Transport::kTcp;
  const auto filled = [](const Query& query, size_t length) {
    const auto reply = [&](size_t size) {
      return reply_to(query, {{record(kToQuestion, kNull, 300, std::string(size, 'x'))}, {}, {}});
    };
    return reply(length - reply(0).size());
  };
  Query query;
  Query edns = edns_query();
  Query small = edns_query();
  query.type = edns.type = small.type = kNull;
  small.payload_size = 600;
  TestCache cache(options_of(4 << 20));
  CHECK(store(&cache, query, filled(query, 512)));
  CHECK(!store(&cache, query, filled(query, 513)));
  CHECK(store(&cache, edns, filled(edns, 1232 - 11)));
  CHECK(!store(&cache, edns, filled(edns, 1232 - 10)));
  CHECK(store(&cache, small, filled(small, 600 - 11)));
  CHECK(!store(&cache, small, filled(small, 600 - 10)));
  const std::string longest = filled(query, 65535);
  CHECK(store(&cache, query, longest, 1000, stream));
  CHECK(look_up(&cache, query, 1000, stream).message == longest);
  CHECK(!store(&cache, edns, filled(edns, 65535 - 10), 1000, stream));
  CHECK(look_up(&cache, query).message == filled(query, 512));
}

// --- Time

void ages_ttls() {
  TestCache cache(options_of(1 << 20));
  Query query = edns_query();
  const auto aged = [&](uint32_t age) {
    return reply_to(query, {{record(kToQuestion, kA, 300 - age, kAddress)},
                            {record(kToQuestion, kNs, 86400 - age, wire_name("ns"))},
                            {record(wire_name("ns"), kA, 0x7fffffff - age, kAddress), opt_record(1232, 0, "")}});
  };
  CHECK(store(&cache, query,
              reply_to(query, {{record(kToQuestion, kA, 300, kAddress)},
                               {record(kToQuestion, kNs, 86400, wire_name("ns"))},
                               {record(wire_name("ns"), kA, 0x7fffffff, kAddress)}})));
  for (const uint32_t age : {0U, 1U, 7U, 299U}) CHECK(look_up(&cache, query, 1000 + age).message == aged(age));
  CHECK(look_up(&cache, query, 1300).message.empty());
  CHECK(look_up(&cache, query, 999).message == aged(0));  // a thread whose clock is behind
}

void ages_over_the_end_of_the_clock() {
  TestCache cache(options_of(1 << 20));
  const Query query;
  CHECK(store(&cache, query, simple_reply(query, 300), UINT32_MAX - 9));
  CHECK(look_up(&cache, query, 0).message == simple_reply(query, 290));
  CHECK(look_up(&cache, query, 289).message == simple_reply(query, 1));
  CHECK(look_up(&cache, query, 290).message.empty());
}

void lives_as_long_as_it_may() {
  struct Case {
    Records records;
    unsigned rcode;
    uint32_t max_ttl;
    uint32_t lifetime;
  };
  const auto a = [](uint32_t ttl) { return record(kToQuestion, kA, ttl, kAddress); };
  const auto ns = [](uint32_t ttl) { return record(kToQuestion, kNs, ttl, wire_name("ns")); };
  const uint32_t own = UINT32_MAX;
  const std::vector<Case> cases = {
      {{{a(300)}, {}, {}}, 0, own, 300},
      {{{a(300), a(20)}, {}, {}}, 0, own, 20},
      {{{a(300)}, {ns(200)}, {a(100)}}, 0, own, 100},
      {{{a(300)}, {}, {}}, 0, 5, 5},
      {{{a(300)}, {}, {}}, 0, 900, 300},
      {{{a(300)}, {}, {}}, 0, 0, 0},
      {{{a(0)}, {}, {}}, 0, 60, 0},
      {{{a(300), a(0)}, {}, {}}, 0, own, 0},
      {{{a(0x80000000)}, {}, {}}, 0, own, 0},  // RFC 2181 s.8
      {{{}, {soa(300, 60)}, {}}, 0, own, 60},  // no data
      {{{}, {soa(60, 300)}, {}}, 3, own, 60},  // NXDOMAIN
      {{{}, {soa(300, 0)}, {}}, 3, own, 0},
      {{{}, {soa(300, 60)}, {}}, 3, 7, 7},
      {{{a(300)}, {soa(300, 60)}, {}}, 3, own, 60},  // an alias without a target
      {{{a(300)}, {soa(300, 60)}, {}}, 0, own, 300},
      {{{}, {}, {}}, 3, own, 0},  // no lifetime
      {{{}, {}, {}}, 0, own, 0},
      {{{}, {}, {a(300)}}, 0, own, 0},
      {{{}, {}, {}}, 3, 9, 9},
      {{{}, {ns(300)}, {a(100)}}, 0, own, 100},  // a referral
      {{{}, {ns(300)}, {}}, 3, own, 0},
      {{{}, {record(kToQuestion, kSoa, 300, "short")}, {}}, 3, own, 0},
      {{{}, {}, {}}, 2, own, 0},  // a failure
      {{{}, {}, {}}, 2, 3, 3},
      {{{a(300)}, {}, {}}, 2, own, 0},
  };
  for (const Case& each : cases) {
    TestCache cache(options_of(1 << 20));
    const Query query;
    const std::string reply = reply_to(query, each.records, 0x8400 | each.rcode);
    Answer answer = answer_of(reply);
    answer.max_ttl = each.max_ttl;
    CHECK(store(&cache, query, answer) == (each.lifetime != 0));
    if (each.lifetime == 0) {
      CHECK(!hits(&cache, query));
      continue;
    }
    CHECK(look_up(&cache, query).message == reply);
    CHECK(hits(&cache, query, 1000 + each.lifetime - 1));
    CHECK(!hits(&cache, query, 1000 + each.lifetime));
  }
}

void serves_stale_when_asked_to() {
  CacheOptions options = options_of(1 << 20);
  options.serve_stale_seconds = 100;
  TestCache cache(options);
  const Query query;
  CHECK(store(
      &cache, query,
      reply_to(query, {{record(kToQuestion, kA, 60, kAddress), record(kToQuestion, kA, 300, kAddress)}, {}, {}})));
  CHECK(!look_up(&cache, query, 1059, {}, true).found.stale);
  CHECK(!hits(&cache, query, 1060));
  for (const uint32_t now : {1060U, 1159U}) {
    CHECK(look_up(&cache, query, now, {}, true).found.refresh);  // the first caller refreshes it
    const Reply reply = look_up(&cache, query, now, {}, true);
    CHECK(reply.found.stale);
    CHECK(reply.message ==
          reply_to(query, {{record(kToQuestion, kA, 30, kAddress), record(kToQuestion, kA, 30, kAddress)}, {}, {}}));
  }
  CHECK(look_up(&cache, query, 1160, {}, true).message.empty());
  CHECK(cache.counters().stale_hits == 2);

  CHECK(store(&cache, query, simple_reply(query, 10), 2000));  // TTLs do not grow when an answer is stale
  CHECK(look_up(&cache, query, 2050, {}, true).found.refresh);
  CHECK(look_up(&cache, query, 2050, {}, true).message == simple_reply(query, 10));

  Query other;
  other.name = "failure";
  const std::string failure = reply_to(other, {}, 0x8402);
  Answer answer = answer_of(failure);
  answer.max_ttl = 5;
  CHECK(store(&cache, other, answer));
  CHECK(look_up(&cache, other, 1004, {}, true).message == failure);
  CHECK(look_up(&cache, other, 1005, {}, true).message.empty());  // a failure is not data

  TestCache without(options_of(1 << 20));
  CHECK(store(&without, query, simple_reply(query, 10)));
  CHECK(look_up(&without, query, 1010, {}, true).message.empty());
}

void asks_one_caller_to_refresh() {
  CacheOptions options = options_of(1 << 20);
  options.prefetch_hits = 3;
  options.prefetch_percent = 10;
  options.serve_stale_seconds = 1000;
  TestCache cache(options);
  const Query query;
  const auto refresh = [&](uint32_t now) {
    const Reply reply = look_up(&cache, query, now, {}, true);
    CHECK(reply.message.empty() == reply.found.refresh);  // this caller asks the handler
    return reply.found.refresh;
  };
  CHECK(store(&cache, query, simple_reply(query, 1000)));
  CHECK(!refresh(1950));  // the first two hits: too few
  CHECK(!refresh(1950));
  CHECK(!refresh(1899));  // too early
  CHECK(refresh(1900));
  CHECK(!refresh(1900));
  CHECK(!refresh(1929));
  CHECK(refresh(1930));  // nothing was stored: another caller tries
  CHECK(!refresh(1959));
  CHECK(store(&cache, query, simple_reply(query, 1000), 1959));
  for (unsigned i = 0; i < 5; i++) CHECK(!refresh(1959));
  CHECK(refresh(2959));  // stale
  CHECK(!refresh(2959));
  CHECK(!refresh(2988));
  CHECK(refresh(2989));
  CHECK(store(&cache, query, simple_reply(query, 1000), 3000));
  CHECK(refresh(3900));  // an answer that is renewed is as popular as it was

  // Without prefetching, a stale answer is still refreshed, even if it is seldom queried.
  options.prefetch_hits = 0;
  TestCache plain(options);
  CHECK(store(&plain, query, simple_reply(query, 100)));
  for (uint32_t now = 1000; now < 1100; now++) CHECK(!look_up(&plain, query, now, {}, true).found.refresh);
  CHECK(look_up(&plain, query, 1100, {}, true).found.refresh);
}

// A look-up before a handler, which looks up again after a miss.
Reply look_up_first(TestCache* cache, const Query& query, uint32_t now) {
  const Examined examined(query);
  std::vector<uint8_t> out(65535, 0xaa);
  Reply reply;
  reply.found = cache->look_up_first(examined.data(), examined.view, Origin{}, now, out.data(), out.size());
  reply.message.assign(out.begin(), out.begin() + static_cast<long>(reply.found.length));
  return reply;
}

void leaves_to_the_second_look_up_what_the_first_does_not_give() {
  CacheOptions options = options_of(1 << 20);
  options.prefetch_hits = 3;
  options.prefetch_percent = 10;
  options.serve_stale_seconds = 100;
  options.looked_up_again = true;
  TestCache cache(options);
  const Query query;
  CHECK(look_up_first(&cache, query, 1000).message.empty());
  CHECK(cache.counters().misses == 0);  // the second look-up counts it
  CHECK(store(&cache, query, simple_reply(query, 1000)));
  CHECK(look_up_first(&cache, query, 1950).message == simple_reply(query, 50));
  CHECK(look_up_first(&cache, query, 1950).message == simple_reply(query, 50));
  for (unsigned i = 0; i < 3;
       i++) {  // the third hit should refresh it, as does each further one until an answer is stored
    const Reply first = look_up_first(&cache, query, 1950);
    CHECK(first.message.empty() && !first.found.refresh);
  }
  CHECK(cache.counters().hits == 2);
  CHECK(look_up(&cache, query, 1950, {}, true).found.refresh);
  CHECK(look_up_first(&cache, query, 1950).message == simple_reply(query, 50));
  CHECK(cache.counters().hits == 3 && cache.counters().misses == 1);
  CHECK(look_up_first(&cache, query, 2001).message.empty());  // stale, and not refreshed for long
  CHECK(look_up(&cache, query, 2001, {}, true).found.refresh);
  CHECK(look_up_first(&cache, query, 2001).message == simple_reply(query, 30));
  CHECK(look_up_first(&cache, query, 2100).message.empty());

  options.stale_first = false;
  TestCache verified(options);
  CHECK(store(&verified, query, simple_reply(query, 10)));
  CHECK(look_up(&verified, query, 1010, {}, true).found.refresh);
  CHECK(look_up_first(&verified, query, 1010).message.empty());
  CHECK(look_up(&verified, query, 1010, {}, true).message == simple_reply(query, 10));

  options.looked_up_again = false;
  TestCache alone(options);
  CHECK(store(&alone, query, simple_reply(query, 1000)));
  for (unsigned i = 0; i < 2; i++) CHECK(!look_up_first(&alone, query, 1950).message.empty());
  CHECK(look_up_first(&alone, query, 1950).found.refresh);
  CHECK(alone.counters().misses == 1);
}

// --- Room

Query numbered(unsigned number) {
  Query query;
  query.name = "name" + std::to_string(number) + ".example.org";
  return query;
}

void stays_within_its_bytes() {
  for (const size_t max_bytes : {size_t{32} << 10, size_t{5} << 20}) {
    TestCache cache(options_of(max_bytes));
    const uint64_t empty = cache.counters().bytes;
    CHECK(empty > 0 && empty < max_bytes / 10);
    const unsigned count = static_cast<unsigned>(max_bytes / 100);
    for (unsigned i = 0; i < count; i++) {
      CHECK(store(&cache, numbered(i), simple_reply(numbered(i))));
      if (i % 256 == 0) CHECK(cache.counters().bytes <= max_bytes);
    }
    const CacheCounters counters = cache.counters();
    CHECK(counters.bytes <= max_bytes);
    CHECK(counters.bytes > max_bytes * 9 / 10);
    CHECK(counters.evictions > 0);
    CHECK(counters.stores == count);
    CHECK(counters.entries == count - counters.evictions);
    CHECK(cache.clear() == counters.entries);
    CHECK(cache.counters().bytes == empty);
    CHECK(cache.counters().entries == 0);
  }
}

void keeps_what_is_asked_for_in_a_flood_of_other_names() {
  TestCache cache(options_of(64 << 10));
  for (unsigned i = 0; i < 50; i++) CHECK(store(&cache, numbered(i), simple_reply(numbered(i))));
  for (unsigned flood = 1000; flood < 5000; flood++) {
    CHECK(store(&cache, numbered(flood), simple_reply(numbered(flood))));
    CHECK(hits(&cache, numbered(flood % 50)));
  }
  CHECK(cache.counters().evictions > 3000);
  for (unsigned i = 0; i < 50; i++) CHECK(hits(&cache, numbered(i)));
}

void lets_go_first_of_what_has_ended() {
  TestCache cache(options_of(64 << 10));
  for (unsigned i = 0; i < 40; i++) {
    CHECK(store(&cache, numbered(i), simple_reply(numbered(i), i < 20 ? 10000 : 10)));
    CHECK(hits(&cache, numbered(i)));
  }
  unsigned flood = 1000;
  for (; flood < 2000 && cache.counters().evictions < 20; flood++) {
    CHECK(store(&cache, numbered(flood), simple_reply(numbered(flood)), 1500));
  }
  CHECK(cache.counters().evictions == 20);
  for (unsigned i = 0; i < 20; i++) CHECK(hits(&cache, numbered(i), 1500));
  for (unsigned i = 1000; i < flood; i++) CHECK(hits(&cache, numbered(i), 1500));
}

void keeps_what_is_refreshed_as_long_as_what_is_not() {
  TestCache cache(options_of(64 << 10));
  CHECK(store(&cache, numbered(0), simple_reply(numbered(0))));
  CHECK(hits(&cache, numbered(0)));
  CHECK(store(&cache, numbered(0), simple_reply(numbered(0))));
  for (unsigned i = 1; i < 2000 && cache.counters().evictions == 0; i++) {
    CHECK(store(&cache, numbered(i), simple_reply(numbered(i))));
  }
  CHECK(cache.counters().evictions > 0);
  CHECK(hits(&cache, numbered(0)));
}

CacheOptions options_for_popular() {
  CacheOptions options = options_of(1 << 20);
  options.prefetch_hits = 10;
  return options;
}

// Returns how many of 10 popular names a cache refreshes. Other answers are counted in the same places, since there are
// more of them than places.
unsigned refreshed_among_many_others() {
  TestCache cache(options_for_popular());
  constexpr unsigned kPopular = 10, kAll = 1500;
  for (unsigned i = 0; i < kAll; i++) CHECK(store(&cache, numbered(i), simple_reply(numbered(i), 1000)));
  for (unsigned round = 0; round < 3; round++) {
    for (unsigned i = kPopular; i < kAll; i++) {
      CHECK(hits(&cache, numbered(i), 1500));
      if (i % 40 == 0) {
        for (unsigned popular = 0; popular < kPopular; popular++) CHECK(hits(&cache, numbered(popular), 1500));
      }
    }
  }
  unsigned refreshed = 0;
  for (unsigned i = 0; i < kPopular; i++) refreshed += look_up(&cache, numbered(i), 1950).found.refresh;
  unsigned others = 0;
  for (unsigned i = kPopular; i < kAll; i++) others += look_up(&cache, numbered(i), 1950).found.refresh;
  CHECK(others == 0);
  return refreshed;
}

// Where names are counted is random. One of two popular names in the same place is not counted, so that a single cache
// may miss several.
void counts_the_hits_of_popular_names_among_many_others() {
  unsigned refreshed = 0;
  for (unsigned cache = 0; cache < 3; cache++) refreshed += refreshed_among_many_others();
  CHECK(refreshed >= 18);  // of 30
}

void forgets_popular_answers_that_are_gone() {
  TestCache cache(options_for_popular());
  constexpr unsigned kAll = 1500;
  for (unsigned i = 0; i < kAll; i++) CHECK(store(&cache, numbered(i), simple_reply(numbered(i), 1000)));
  for (unsigned round = 0; round < 21; round++) {
    for (unsigned i = 0; i < 300; i++) CHECK(hits(&cache, numbered(i), 1500));
  }
  CHECK(cache.clear() == kAll);
  for (unsigned i = 0; i < kAll; i++) CHECK(store(&cache, numbered(i), simple_reply(numbered(i), 1000), 2000));
  for (unsigned round = 0; round < 21; round++) CHECK(hits(&cache, numbered(kAll - 1), 2500));
  CHECK(look_up(&cache, numbered(kAll - 1), 2950).found.refresh);
}

void uses_less_memory_if_the_kernel_refuses_so_much() {
  TestCache cache(options_of(size_t{1} << 36));
  CHECK(store(&cache, numbered(1), simple_reply(numbered(1))));
  CHECK(hits(&cache, numbered(1)));
}

void replaces_what_it_had() {
  TestCache cache(options_of(1 << 20));
  const Query query;
  CHECK(store(&cache, query, simple_reply(query, 300, "aaaa")));
  const uint64_t bytes = cache.counters().bytes;
  CHECK(store(&cache, query, simple_reply(query, 200, "bbbb"), 1100));
  CHECK(look_up(&cache, query, 1100).message == simple_reply(query, 200, "bbbb"));
  CHECK(cache.counters().bytes == bytes);
  CHECK(cache.counters().entries == 1);
  CHECK(cache.counters().evictions == 0);
}

void refuses_what_no_shard_has_room_for() {
  Origin stream;
  stream.transport = Transport::kTcp;
  const Query query;
  TestCache cache(options_of(32 << 10));
  CHECK(store(&cache, numbered(1), simple_reply(numbered(1))));
  CHECK(!store(&cache, query, simple_reply(query, 300, std::string(40000, 'x')), 1000, stream));
  CHECK(hits(&cache, numbered(1)));  // nothing was evicted for it
  TestCache tiny(options_of(10));
  CHECK(!store(&tiny, query, simple_reply(query)));
  CHECK(!hits(&tiny, query));
}

void counts() {
  TestCache cache(options_of(8 << 20));
  for (unsigned i = 0; i < 100; i++) {
    CHECK(!hits(&cache, numbered(i)));
    CHECK(store(&cache, numbered(i), simple_reply(numbered(i))));
    CHECK(hits(&cache, numbered(i)));
    CHECK(hits(&cache, numbered(i)));
  }
  Query cookie = edns_query();
  cookie.options = option(10, std::string(8, 'c'));
  CHECK(!hits(&cache, cookie));
  const CacheCounters counters = cache.counters();
  CHECK(counters.hits == 200);
  CHECK(counters.misses == 101);
  CHECK(counters.stores == 100);
  CHECK(counters.entries == 100);
  CHECK(counters.evictions == 0);
  CHECK(counters.dropped == 0);
  CHECK(counters.stale_hits == 0);
}

void clears_by_name() {
  TestCache cache(options_of(8 << 20));
  const std::vector<std::string> names = {
      "", "org", "example.org", "www.example.org", "a.www.example.org", "xexample.org", "example.com"};
  const auto fill = [&] {
    for (const std::string& name : names) {
      for (const unsigned type : {1U, 28U}) {
        Query query;
        query.name = name;
        query.type = type;
        CHECK(store(&cache, query, simple_reply(query)));
      }
    }
  };
  const auto left = [&] {
    std::string found;
    for (size_t i = 0; i < names.size(); i++) {
      Query query;
      query.name = names[i];
      if (hits(&cache, query)) found += std::to_string(i);
    }
    return found;
  };
  const auto clear = [&](const std::string& name, bool subtree) {
    const std::string wire = wire_name(name);
    return cache.clear(octets(wire), wire.size(), subtree);
  };
  fill();
  CHECK(left() == "0123456");
  CHECK(clear("Example.ORG", false) == 2);
  CHECK(left() == "013456");
  CHECK(clear("Example.ORG", true) == 4);
  CHECK(left() == "0156");
  CHECK(clear("example.net", true) == 0);
  CHECK(clear("", false) == 2);
  CHECK(left() == "156");
  CHECK(clear("", true) == 6);
  CHECK(left().empty());
  fill();
  CHECK(cache.clear() == 14);
  CHECK(left().empty());
}

void registers_caches_for_all_threads() {
  auto held = std::make_shared<CacheState>(options_of(1 << 20));
  auto brief = std::make_shared<CacheState>(options_of(1 << 20));
  const uint32_t first = Registry<CacheState>::add(held);
  const uint32_t second = Registry<CacheState>::add(brief);
  CHECK(first != 0 && second != 0 && first != second);
  CHECK(Registry<CacheState>::find(first) == held && Registry<CacheState>::find(second) == brief);
  brief.reset();
  CHECK(Registry<CacheState>::find(second) == nullptr);
  TestCache one(held), other(Registry<CacheState>::find(first));
  CHECK(store(&one, Query{}, simple_reply(Query{})));
  CHECK(hits(&other, Query{}));
  CHECK(Registry<CacheState>::add(held) > second);
  CHECK(Registry<CacheState>::find(second) == nullptr);
}

}  // namespace

int main() {
  hashes_as_the_paper_says();
  gives_what_the_handler_gave();
  gives_each_client_its_id_and_spelling();
  appends_an_opt_of_its_own();
  gives_the_options_of_the_answer_to_those_with_opt();
  answers_in_place();
  leaves_alone_what_does_not_fit();
  keeps_apart_what_differs();
  shares_what_differs_in_nothing_that_matters();
  varies_by_what_the_handler_says();
  shares_answers_among_those_who_ask_for_options_that_are_added_later();
  has_nothing_to_do_with_queries_answered_to_one_client();
  does_not_keep_replies_that_are_not_to_be_kept();
  keeps_no_reply_that_the_client_would_not_get_whole();
  ages_ttls();
  ages_over_the_end_of_the_clock();
  lives_as_long_as_it_may();
  serves_stale_when_asked_to();
  asks_one_caller_to_refresh();
  leaves_to_the_second_look_up_what_the_first_does_not_give();
  stays_within_its_bytes();
  keeps_what_is_asked_for_in_a_flood_of_other_names();
  lets_go_first_of_what_has_ended();
  keeps_what_is_refreshed_as_long_as_what_is_not();
  counts_the_hits_of_popular_names_among_many_others();
  forgets_popular_answers_that_are_gone();
  uses_less_memory_if_the_kernel_refuses_so_much();
  replaces_what_it_had();
  refuses_what_no_shard_has_room_for();
  counts();
  clears_by_name();
  registers_caches_for_all_threads();
  return conclude();
}
