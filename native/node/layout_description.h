// The layout of layout.h as a JavaScript object.
#ifndef MULTISOCKET_LAYOUT_DESCRIPTION_H_
#define MULTISOCKET_LAYOUT_DESCRIPTION_H_

#include <napi.h>

namespace multisocket {

// Returns the object that lib/native/addon.ts calls Layout.
Napi::Object describe_layout(Napi::Env env);

}  // namespace multisocket

#endif  // MULTISOCKET_LAYOUT_DESCRIPTION_H_
