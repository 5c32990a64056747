// The second part of a long envelope (layout.h): the ends that a proxy has given.
#ifndef MULTISOCKET_PROXIED_ENVELOPE_H_
#define MULTISOCKET_PROXIED_ENVELOPE_H_

#include <cstdint>
#include <cstring>

#include "message/layout.h"
#include "message/query_origin.h"
#include "message/wire.h"

namespace multisocket {

// `origin`: the octets of a QueryOrigin. `client_port` is in host order.
inline void write_ends(uint8_t* envelope, const uint8_t* origin, uint16_t client_port) {
  envelope[layout::kEnvelopeProxied] = 1;
  write16(envelope + layout::kEnvelopeRealPort, client_port);
  memcpy(envelope + layout::kEnvelopeRealAddress, origin, kAddressSize);
  memcpy(envelope + layout::kEnvelopeRealLocalAddress, origin + kAddressSize, kAddressSize);
  memcpy(envelope + layout::kEnvelopeRealLocalPort, origin + 2 * kAddressSize, 2);
}

// Changes `origin` if a proxy has given the ends.
inline void read_ends(const uint8_t* envelope, QueryOrigin* origin) {
  if (envelope[layout::kEnvelopeProxied] == 0) return;
  uint16_t port;
  memcpy(&port, envelope + layout::kEnvelopeRealLocalPort, sizeof port);
  uint16_t client_port;
  memcpy(&client_port, envelope + layout::kEnvelopeRealPort, sizeof client_port);
  origin->set_client_port(client_port);
  origin->set_client(envelope + layout::kEnvelopeRealAddress, kAddressSize);
  origin->set_local(envelope + layout::kEnvelopeRealLocalAddress, kAddressSize);
  origin->set_local_port(port);
}

}  // namespace multisocket

#endif  // MULTISOCKET_PROXIED_ENVELOPE_H_
