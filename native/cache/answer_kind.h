// The kind of an answer, as the cache distinguishes it.
#ifndef MULTISOCKET_ANSWER_KIND_H_
#define MULTISOCKET_ANSWER_KIND_H_

#include <cstddef>
#include <cstdint>

#include "message/layout.h"

namespace multisocket {

// Reads a well-formed response with one question, with or without OPT. NOERROR is kData if the chain of CNAME records
// from the queried name ends at a record of the queried type (RFC 1034 s.3.6.2). Otherwise NOERROR or NXDOMAIN is
// kDenial if the authority section has an SOA (RFC 2308 s.2), and NOERROR without answers is kReferral if that section
// has NS records. All else is kNothing and is not cached by default (RFC 2308 s.5). Other response codes are kFailure.
layout::AnswerKind kind_of(const uint8_t* message, size_t length);

}  // namespace multisocket

#endif  // MULTISOCKET_ANSWER_KIND_H_
