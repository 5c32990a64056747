// Tests of message_view for what the rows in JavaScript do not show. check-stream.test.ts tests the rest.
#include "message/message_view.h"

#include "check.h"

using namespace multisocket;
using namespace multisocket::test;

namespace {

void sees_records_besides_opt() {
  CHECK(Examined(Query{}).view.is_plain);

  Query edns;
  edns.opt = true;
  CHECK(Examined(edns).view.is_plain);

  Query signed_query;
  const std::string rdata = wire_name("hmac-sha256") + std::string(16, '\0');
  signed_query.additional = wire_name("key") + number16(250) + number16(255) + number32(0) +
                            number16(static_cast<unsigned>(rdata.size())) + rdata;
  CHECK(!Examined(signed_query).view.is_plain);
  CHECK(Examined(signed_query).view.tsig == signed_query.question().size() + 12);

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
