// The memory that an endpoint shares with JavaScript.
#ifndef MULTISOCKET_ENDPOINT_MEMORY_H_
#define MULTISOCKET_ENDPOINT_MEMORY_H_

#include <cstdint>

#include "message/admission.h"

namespace multisocket {

// Memory that JavaScript allocated (layout.h) for an endpoint. It must outlive the endpoint. `counters`: all rows.
// `worker_row`: the element at which this worker's row starts. `edns` points into such memory too.
struct EndpointMemory {
  uint8_t* slab;
  uint32_t* queries;
  uint32_t* outbox;
  double* counters;
  uint32_t worker_row;
  EdnsSettings edns;
  uint32_t envelope_size = layout::kEnvelopeSize;  // or kProxiedEnvelopeSize
};

}  // namespace multisocket

#endif  // MULTISOCKET_ENDPOINT_MEMORY_H_
