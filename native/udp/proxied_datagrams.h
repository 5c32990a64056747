// Datagrams that proxies send: the header of the PROXY protocol, and then the message.
#ifndef MULTISOCKET_PROXIED_DATAGRAMS_H_
#define MULTISOCKET_PROXIED_DATAGRAMS_H_

#include <cstdint>

#include "message/proxy_protocol.h"

namespace multisocket {

// Makes the envelope of a slot a long one, and moves the message behind it. `peer`: the sender's address, 16 octets.
// `proxy`: null: no proxy is believed. `*length`: of the datagram, and then of the message. Returns false if the
// datagram is to be dropped.
bool unwrap_datagram(const ProxyProtocol* proxy, const uint8_t* peer, uint8_t* envelope, uint32_t* length);

}  // namespace multisocket

#endif  // MULTISOCKET_PROXIED_DATAGRAMS_H_
