// Tests of message_view for what the rows in JavaScript do not show. check-stream.test.ts tests the rest.
#include "message/message_view.h"

#include "check.h"

using namespace multisocket;
using namespace multisocket::test;

namespace {

void sees_records_besides_opt() {
  CHECK(!Examined(Query{}).view.has_own_reply);

  Query edns;
  edns.opt = true;
  CHECK(!Examined(edns).view.has_own_reply);

  Query signed_query;
  signed_query.last = tsig_record("key");
  CHECK(Examined(signed_query).view.has_own_reply);
  CHECK(Examined(signed_query).view.tsig == signed_query.question().size() + 12);

  CHECK(!Examined(signed_query).view.has_opt);
  signed_query.opt = true;
  CHECK(Examined(signed_query).view.tsig == signed_query.question().size() + 12 + 11);
  CHECK(Examined(signed_query).view.has_opt && Examined(signed_query).view.has_own_reply);

  const std::string soa = record(std::string("\xc0\x0c", 2), 6, 0, std::string(22, '\0'));
  CHECK(Examined(number16(1) + number16(0) + number16(1) + number16(1) + number16(1) + number16(0) +
                 Query{}.question() + soa + soa)
            .view.tsig == 0);
}

}  // namespace

int main() {
  sees_records_besides_opt();
  return conclude();
}
