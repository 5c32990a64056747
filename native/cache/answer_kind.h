// What an answer says, as far as caching goes.
#ifndef MULTISOCKET_ANSWER_KIND_H_
#define MULTISOCKET_ANSWER_KIND_H_

#include <cstddef>
#include <cstdint>

#include "message/layout.h"

namespace multisocket {

// Reads a well-formed response with one question, without OPT or with it. NOERROR is kData if a record of the type
// asked stands at the end of the chain of CNAME records that begins at the name asked (RFC 1034 s.3.6.2). Else it is
// kDenial with an SOA in the authority section, and so is NXDOMAIN (RFC 2308 s.2); kReferral with NS records there and
// no answers. It says kNothing otherwise, and is not to be kept (RFC 2308 s.5). Other response codes are kFailure.
layout::AnswerKind kind_of(const uint8_t* message, size_t length);

}  // namespace multisocket

#endif  // MULTISOCKET_ANSWER_KIND_H_
