// Tests of message_view for what the rows in JavaScript do not show. check-stream.test.ts tests the rest.
#include "message/message_view.h"

#include "check.h"

using namespace multisocket;
using namespace multisocket::test;

namespace {

void counts_records_besides_opt() {
  CHECK(Examined(Query{}).view.other_records == 0);

  Query edns;
  edns.opt = true;
  CHECK(Examined(edns).view.other_records == 0);

  Query signed_query;
  signed_query.additional = record(wire_name("key"), 250, 0, std::string(16, 'x'));
  CHECK(Examined(signed_query).view.other_records == 1);
  signed_query.opt = true;
  CHECK(Examined(signed_query).view.other_records == 1);
  CHECK(Examined(signed_query).view.has_opt);

  const std::string soa = record(std::string("\xc0\x0c", 2), 6, 0, std::string(22, '\0'));
  CHECK(Examined(number16(1) + number16(0) + number16(1) + number16(1) + number16(1) + number16(0) +
                 Query{}.question() + soa + soa)
            .view.other_records == 2);
}

}  // namespace

int main() {
  counts_records_besides_opt();
  return conclude();
}
