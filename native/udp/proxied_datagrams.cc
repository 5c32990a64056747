#include "udp/proxied_datagrams.h"

#include <cstring>

#include "message/layout.h"
#include "message/proxied_envelope.h"

namespace multisocket {

bool unwrap_datagram(const ProxyProtocol* proxy, const uint8_t* peer, uint8_t* envelope, uint32_t* length) {
  ProxyHeader header;
  const uint8_t* datagram = envelope + layout::kEnvelopeSize;
  if (proxy != nullptr && proxy->read_datagram(datagram, *length, peer, &header) != ProxyProtocol::Verdict::kDone) {
    return false;
  }
  *length -= static_cast<uint32_t>(header.size);
  if (*length > layout::kSlotStride - layout::kProxiedEnvelopeSize) return false;
  memmove(envelope + layout::kProxiedEnvelopeSize, datagram + header.size, *length);
  memset(envelope + layout::kEnvelopeSize, 0, layout::kProxiedEnvelopeSize - layout::kEnvelopeSize);
  if (header.has_ends) {
    QueryOrigin origin;
    header.set_ends(&origin);
    write_ends(envelope, origin.bytes(), header.client_port);
  }
  return true;
}

}  // namespace multisocket
