// Reads addresses and networks that JavaScript passes.
#ifndef MULTISOCKET_NODE_NETWORKS_H_
#define MULTISOCKET_NODE_NETWORKS_H_

#include <napi.h>

#include <vector>

#include "message/network.h"
#include "message/query_origin.h"
#include "net/text_address.h"

namespace multisocket {

// An origin with the address, which is numeric, as its client.
inline QueryOrigin client_at(const Napi::Value& text) {
  QueryOrigin origin;
  uint8_t address[kAddressSize] = {};
  size_t length;
  parse_address(text.As<Napi::String>().Utf8Value(), address, &length);
  origin.set_client(address, length);
  return origin;
}

// `given`: objects with `address` and `prefixLength`, which counts the bits of an IPv4 address from its own first one.
inline std::vector<Network> networks_of(const Napi::Array& given) {
  std::vector<Network> networks;
  for (uint32_t i = 0; i < given.Length(); i++) {
    const auto net = given.Get(i).As<Napi::Object>();
    const auto text = net.Get("address").As<Napi::String>();
    const bool ipv4 = text.Utf8Value().find(':') == std::string::npos;
    const unsigned bits = net.Get("prefixLength").As<Napi::Number>().Uint32Value();
    networks.emplace_back(client_at(text).bytes(), ipv4 ? 96 + bits : bits);
  }
  return networks;
}

}  // namespace multisocket

#endif  // MULTISOCKET_NODE_NETWORKS_H_
