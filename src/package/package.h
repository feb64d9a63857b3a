// Packing: a finished model becomes an app. The apps themselves are built once, with the product, from the
// real projects under `apps/`; here a template gets the model, its description, held-out pictures for the
// self-check, a name and an icon, and Android's signature. No Java, no Node, no Android tools on the user's
// machine.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/disk.h"
#include "base/result.h"
#include "image/image.h"
#include "package/android/apk_signature.h"
#include "tflite/tflite.h"

namespace handlens::package {

// A held-out picture that travels with the app, so that the phone can prove that it scores like the computer.
struct CheckPicture {
  std::filesystem::path path;
  std::string label;
};

// What of it travels. kPixels: the N x N pixels that the model sees, as PNG without metadata; whose decoder
// the phone has is proved by the golden vectors. kOriginals: the user's files, byte for byte, with everything
// inside them.
enum class Carry { kPixels, kOriginals };

// What every target gets. Files of the bundle are described in docs/formats-app.md.
struct BundleRequest {
  std::filesystem::path model;               // a .tflite file with handlens' metadata
  std::filesystem::path model_card;          // modelcard.md; empty = none
  std::string name;                          // shown under the icon; 1..50 characters, UTF-8
  std::vector<CheckPicture> check_pictures;  // the hold-out
  Carry carry = Carry::kPixels;
  // How many of the verdict's rules the model passed; missing where it was not judged.
  struct Checks {
    int passed = 0, of = 0;
  };
  std::optional<Checks> verdict = {};
  std::string guide = {};  // the fault of the camera that the app warns of first: "distance"; empty = none
  int guide_number = 0;    // from where on it does harm, in % or degrees; 0 = not said
  tflite::Kernels kernels =
      tflite::Kernels::kBuiltin;  // that give the scores which the app's plain kernels must give
  bool examples = false;          // users see, of each class, the check picture that the model is surest of
};

struct BundleFile {
  std::string name;  // '/' between folders: "app.json", "model.tflite", "check/check.json", "check/0.png"
  Bytes bytes;
};

// Makes the files that all targets share: app.json, model.tflite, modelcard.md and check/ with the computer's
// scores (the official runtime, builtin kernels). Kind kBadInput when labels and outputs do not match, the
// metadata is not handlens', or a picture cannot be read. Pictures beyond 12 MB in all are left out and
// counted in check.json. But for Carry::kOriginals no byte of a picture's file gets into the bundle, nor its
// name; only the file's SHA-256, the picture's id in the run.
Result<std::vector<BundleFile>> MakeBundle(const BundleRequest& request);

struct AndroidRequest {
  BundleRequest bundle;
  std::vector<std::filesystem::path> templates;  // template APKs, one an ABI, as the build made them
  std::filesystem::path bundle_resources =
      {};  // resources as protocol buffers, as the build made them; empty = no App Bundle
  std::vector<std::filesystem::path> bundle_templates =
      {};                      // templates of all processors that the App Bundle is for
  std::string application_id;  // "org.example.leaves"
  std::string version_name = "1.0";
  int version_code = 1;
  image::Image icon;          // square
  std::filesystem::path out;  // folder RUN/apps/android
};

struct AndroidApp {
  std::filesystem::path apk;
  std::string abi;  // "aab": of all processors, as an App Bundle
  int64_t bytes = 0;
};

// Injects and signs one APK a template: `<out>/<name in ASCII>-<abi>.apk`; when asked for, also an App
// Bundle, `<name in ASCII>.aab`. Kind kUsage for an application id, version or name that Android refuses.
Result<std::vector<AndroidApp>> PackAndroid(const AndroidRequest& request, const SigningKey& key);

// The app as a project for Android Studio: `skeleton` (as the build laid it out) with the user's words, icon
// and bundle, the libraries of request.templates, and handlens-project.json. Same errors.
Result<std::vector<BundleFile>> MakeAndroidProject(const AndroidRequest& request,
                                                   const std::filesystem::path& skeleton);

// What `app` leaves for Android: a folder with one APK an ABI, the record of the packing and, when asked for,
// the project.
struct AndroidFolder {
  std::vector<AndroidApp> apps;   // packed now
  std::filesystem::path project;  // empty = none was asked for
};
// Packs beside request.out and takes its place in one step: whatever goes wrong, and whenever it ends, there
// is the old folder or the new one, whole. Replaced are the APKs of the same ABIs and names; those of other
// ABIs, a project that was not asked for again and the user's own files stay; in the project also files of
// ours that the user changed (ChangedFiles). `skeleton` empty = no project;
// `model` is the file's name in the run. Writes android.json ("handlens-android" version 1,
// docs/formats-app.md). Errors as of PackAndroid and MakeAndroidProject.
Result<AndroidFolder> PackAndroidFolder(const AndroidRequest& request, const SigningKey& key,
                                        const std::filesystem::path& skeleton, const std::string& model);

// The files of a packed folder that were changed since handlens packed them, by name. In projects (Android,
// iOS, Flutter) they stay when it is packed again; in apps they go beside the new ones as NAME.yours. None
// where handlens packed nothing. Kinds as of ListFolder.
Result<std::vector<std::string>> ChangedFiles(const std::filesystem::path& folder);

// An app that is a folder of files: every target but Android.
struct FolderRequest {
  BundleRequest bundle;
  std::filesystem::path built;  // the app without model and words, as a folder of files
  image::Image icon;            // square
  std::string application_id;   // projects only, as are the next two
  std::string version_name = "1.0";
  int version_code = 1;
  std::filesystem::path out;  // folder RUN/apps/TARGET; replaced only if it was made by the same function
};

// Writes a folder that any static host serves. Packed beside and put in place in one step; what the user
// added to an earlier one stays, and what he changed goes beside (ChangedFiles). Returns its files.
Result<std::vector<std::filesystem::path>> PackWeb(const FolderRequest& request);

// The model as plain C: model.h and model.c (inference.h), an example with a check picture, Makefile,
// README.md, modelcard.md and handlens-c.json ("handlens-c" version 1, docs/formats-app.md). `built` and
// `icon` are not used. Kind kBadInput for a model that is not in full int8, by the operator's name.
Result<std::vector<std::filesystem::path>> PackC(const FolderRequest& request);
// Its files, for targets that carry them.
Result<std::vector<BundleFile>> MakeC(const BundleRequest& request);

// Write a project that its user builds: with Xcode for the iPhone, with Flutter for Android, iOS, Linux,
// macOS and Windows. The model is in it as plain C (inference::WriteC), the rest of the bundle as files.
// Packed beside and put in place in one step; files that the user, Xcode or Flutter added or changed stay,
// wherever they are. The record is handlens-project.json (docs/formats-app.md). Kind kUsage for an
// application id, version or name that the target refuses; kBadInput for a model that has no C form.
Result<std::vector<std::filesystem::path>> PackIos(const FolderRequest& request);
Result<std::vector<std::filesystem::path>> PackFlutter(const FolderRequest& request);

// Programs for the Raspberry Pi with the model within them, for 64 and 32 bits, each alone and as a Debian
// package; README.md and handlens-pi.json ("handlens-pi" version 1, docs/formats-app.md). `icon` is not used.
// Errors as of PackIos; kUsage also for a version that Debian refuses.
Result<std::vector<std::filesystem::path>> PackPi(const FolderRequest& request);

// A square icon of 512 px drawn from class pictures: a mosaic of up to four, none with more detail than
// size_px x size_px pixels, the model's size, so that the icon shows no more of anybody than the model sees.
Result<image::Image> DrawIcon(const std::vector<std::filesystem::path>& pictures, int size_px);

}  // namespace handlens::package
