// Packs the iPhone and the Flutter project of a small model whose name and labels try to leave the files that
// they stand in, through the same functions as `handlens app`; beside them words.json, with what must be read
// back. Usage: pack_projects BUILT OUT. Used by tests/projects/run.sh.
#include <cstdio>

#include "base/json.h"
#include "describe/describe.h"
#include "describe/sample_models.h"
#include "package/package.h"

namespace {

using namespace handlens;
namespace fs = std::filesystem;

struct Words {
  const char* folder;
  std::string name;
  std::vector<std::string> labels;
};

std::vector<Words> Samples() {
  return {{"plain", "Leaf guide", {"red", "green", "blue"}},
          {"hostile",
           "a\"b'c\\d<e>&f;$(HOME)${X}$x @NAME@ HANDLENS_VERSION_NAME \xE2\x80\xAEjpg\n#\xE6\x9E\xAB",
           {"\"; system(\"x\"); //", "$(rm)\\n${a}\xE2\x80\xAE\xE2\x80\xA8</string>",
            "'''\\u0022 %s {0} ?\?/ \xF0\x9F\x8C\xB5"}}};
}

// A picture of 7 x 9 pixels in which nothing is even.
Bytes PicturePng(uint32_t seed) {
  Bytes rgb(7 * 9 * 3);
  for (uint8_t& byte : rgb) {
    seed = seed * 1664525u + 1013904223u;
    byte = static_cast<uint8_t>(seed >> 24);
  }
  return image::EncodePng(rgb, 7, 9);
}

Result<package::FolderRequest> RequestOf(const Words& words, const fs::path& folder) {
  describe::Description description;
  description.name = words.name;
  description.size_px = describe::sample::kSizePx;
  description.labels = words.labels;
  description.not_sure_below = 0.4;
  tflite::Metadata metadata;
  metadata.name = words.name;
  metadata.labels = words.labels;
  metadata.preprocess_json = describe::PreprocessJson(description);
  HL_ASSIGN(const Bytes model, tflite::AddMetadata(describe::sample::QuantizedModel(), metadata));
  package::FolderRequest request;
  request.bundle.model = folder / "quantizedmodel.tflite";
  request.bundle.name = words.name;
  HL_TRY(WriteFileAtomic(request.bundle.model, model));
  for (size_t i = 0; i < words.labels.size(); ++i) {
    const fs::path path = folder / fmt::format("{}.png", i);
    HL_TRY(WriteFileAtomic(path, PicturePng(static_cast<uint32_t>(i) + 5)));
    request.bundle.check_pictures.push_back({path, words.labels[i]});
  }
  request.application_id = "org.example.leaf_guide";
  request.version_name = "2.5";
  request.version_code = 7;
  request.icon = {5, 5, describe::sample::Flat(20, 83, 45)};
  return request;
}

Result<void> Pack(const fs::path& built, const fs::path& out) {
  for (const Words& words : Samples()) {
    HL_ASSIGN(package::FolderRequest request, RequestOf(words, out / words.folder / "made of"));
    request.built = built / "ios";
    request.out = out / words.folder / "ios";
    HL_TRY(package::PackIos(request));
    request.built = built / "flutter";
    request.out = out / words.folder / "flutter";
    HL_TRY(package::PackFlutter(request));
    const Json said = {{"name", words.name}, {"labels", words.labels}};
    HL_TRY(WriteFileAtomic(out / words.folder / "words.json", said.dump()));
  }
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fputs("usage: pack_projects BUILT OUT\n", stderr);
    return 2;
  }
  const auto packed = Pack(argv[1], argv[2]);
  if (packed) return 0;
  std::fprintf(stderr, "%s\n", packed.error().message.c_str());
  return 1;
}
