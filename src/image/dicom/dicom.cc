// DICOM through libhandlens_dicom.so (module.h): window and polarity by the rule of docs/pixels.md. The
// patient's id becomes a group under another name and is kept nowhere.
#include <dlfcn.h>

#include <memory>
#include <optional>

#include "base/hash.h"
#include "base/program.h"
#include "image/dicom/module.h"
#include "image/formats/codec.h"

namespace handlens::image {
namespace {

constexpr const char* kLibrary = "libhandlens_dicom.so";
// The samples as stored, in 32 bits, and as shown.
constexpr int64_t kDicomBytesPerPixel = 20;

struct Module {
  decltype(&hl_dicom_open) open = nullptr;
  decltype(&hl_dicom_render) render = nullptr;
  decltype(&hl_dicom_close) close = nullptr;
};

std::optional<Module> OpenModule() {
  const std::filesystem::path path = FindPart(kLibrary, {"lib", "lib/handlens"});
  void* const library = path.empty() ? nullptr : ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) return std::nullopt;
  Module module;
  module.open = reinterpret_cast<decltype(module.open)>(::dlsym(library, "hl_dicom_open"));
  module.render = reinterpret_cast<decltype(module.render)>(::dlsym(library, "hl_dicom_render"));
  module.close = reinterpret_cast<decltype(module.close)>(::dlsym(library, "hl_dicom_close"));
  if (module.open == nullptr || module.render == nullptr || module.close == nullptr) return std::nullopt;
  return module;
}

// "patient 3f2a61c09b7e": the same for the same id, which cannot be read from it.
std::string GroupOf(std::string_view patient) {
  return patient.empty() ? "" : "patient " + Sha256(patient).substr(0, 12);
}

}  // namespace

Result<Decoded> DecodeDicom(ByteSpan bytes, const DecodeLimits& limits) {
  static const std::optional<Module> module = OpenModule();
  if (!module) {
    return Fail(ErrorKind::kBadInput,
                "a DICOM file, for which {} is needed beside the program; install handlens again, or export "
                "the file as PNG",
                kLibrary);
  }
  char message[HL_DICOM_TEXT] = {};
  hl_dicom_facts facts = {};
  const std::unique_ptr<hl_dicom, decltype(&hl_dicom_close)> file(
      module->open(bytes.data(), bytes.size(), &facts, message), module->close);
  if (!file) return Fail(ErrorKind::kBadInput, "{}", message);
  if (facts.frames > 1) {
    return Fail(ErrorKind::kBadInput,
                "a DICOM file of {} frames; export the frames that show what matters as files of their own",
                facts.frames);
  }
  HL_TRY(CheckSize(facts.width, facts.height, limits, kDicomBytesPerPixel));
  Decoded decoded;
  decoded.image = MakeImage(facts.width, facts.height);
  if (module->render(file.get(), decoded.image.rgb.data(), message) != 0)
    return Fail(ErrorKind::kBadInput, "{}", message);
  decoded.facts.format = "DICOM";
  decoded.facts.colour = facts.colour != 0 ? "rgb" : "grey";
  decoded.facts.bits = facts.bits;
  decoded.facts.stored_width = facts.width;
  decoded.facts.stored_height = facts.height;
  decoded.facts.group = GroupOf(facts.patient);
  return decoded;
}

}  // namespace handlens::image
