#include "image/formats/heif_library.h"

#include <dlfcn.h>

#include <optional>

namespace handlens::image {
namespace {

template <class Function>
bool Find(void* library, const char* name, Function& function) {
  function = reinterpret_cast<Function>(::dlsym(library, name));
  return function != nullptr;
}

std::optional<HeifLibrary> Open() {
  void* handle = ::dlopen("libheif.so.1", RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) return std::nullopt;
  HeifLibrary library;
  bool all = true;
#define X(name) all = Find(handle, #name, library.name) && all;
  HANDLENS_HEIF_FUNCTIONS(X)
#undef X
  if (all) return library;
  ::dlclose(handle);
  return std::nullopt;
}

}  // namespace

Result<const HeifLibrary*> OpenHeifLibrary() {
  static const std::optional<HeifLibrary> library = Open();
  if (library) return &*library;
  return Fail(ErrorKind::kBadInput,
              "an HEIC or AVIF picture, for which libheif is needed; install it (Debian, Ubuntu: the package "
              "libheif1), or save the picture as JPEG");
}

}  // namespace handlens::image
