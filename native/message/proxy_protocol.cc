#include "message/proxy_protocol.h"

namespace multisocket {

ProxyProtocol::Verdict ProxyProtocol::read(const uint8_t* octets, size_t size, const uint8_t* peer,
                                           ProxyHeader* header) const {
  *header = {};
  const bool trusted = trusts(peer);
  if (!trusted && options_.required) return Verdict::kRefused;
  if (!trusted && options_.others == Others::kData) return Verdict::kDone;
  switch (header->read(octets, size)) {
    case ProxyHeader::Result::kMore:
      return Verdict::kMore;
    case ProxyHeader::Result::kInvalid:
      return Verdict::kRefused;
    case ProxyHeader::Result::kNone:
      return options_.required ? Verdict::kRefused : Verdict::kDone;
    case ProxyHeader::Result::kHeader:
      break;
  }
  if (trusted) return Verdict::kDone;
  header->has_ends = false;
  return options_.others == Others::kSkip ? Verdict::kDone : Verdict::kRefused;
}

ProxyProtocol::Verdict ProxyProtocol::read_datagram(const uint8_t* octets, size_t size, const uint8_t* peer,
                                                    ProxyHeader* header) const {
  const Verdict verdict = read(octets, size, peer, header);
  return verdict == Verdict::kMore || header->version == 1 ? Verdict::kRefused : verdict;
}

}  // namespace multisocket
