// The table of app targets: what each is, what it writes, how it was tested. The choices of --target, the
// steps, help, docs/options.md, the words of phones' records and of the report are read from it, so that a
// target is described once. How a target is packed stands in package.h; which step packs it, in
// pipeline/steps/app.cc.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace handlens::package {

// In the order of the table, which is the order in which people read of them.
enum class Target { kAndroid, kWeb, kC, kIos, kFlutter, kPi };

// Texts are sentences for people without a full stop at the end, unless they say otherwise.
struct TargetFacts {
  Target target;
  std::string_view name;   // as --target takes it; the folder below RUN/apps; `app.target` in phones' records
  std::string_view step;   // the step that packs it, in chain.json and timings.json
  std::string_view title;  // "Android app"
  std::string_view devices;      // what the app is for, in a sentence about one: "Android", "browsers"
  std::string_view summary;      // one line of help
  std::string_view files;        // what stands below RUN/apps/NAME
  std::string_view checks;       // how the app proves itself where it runs
  std::string_view permissions;  // what it may ask for
  std::string_view tested;       // what was tried, and with what
  std::string_view not_tested;   // what could not be tried
  std::string_view next;  // what to do with it, after the packing: lines; "{run}" stands for the run folder
  bool carries_pictures = true;  // all held-out pictures go along; else one alone, as pixels
  bool has_id = false;           // --application-id, --version-name and --version-code count
  bool shows_examples = false;   // --examples counts
  bool sends_records = false;    // shares "handlens-phone" records, for `verify --import`
};

// One row a target. A row tells what was really tried: `tested` names the evidence of tests/, `not_tested`
// what nobody here could try; both stand in help and in docs/options.md.
inline constexpr TargetFacts kTargets[] = {
    {.target = Target::kAndroid,
     .name = "android",
     .step = "app-android",
     .title = "Android app",
     .devices = "Android",
     .summary = "a signed app for Android phones, ready to install; with --project also its project for "
                "Android Studio",
     .files = "NAME-PROCESSOR.apk, android.json; NAME.aab with --aab, project/ with --project",
     .checks = "208 golden vectors of the pixel contract, the model's hash, the held-out pictures' scores",
     .permissions = "the camera, when its button is pressed",
     .tested = "the app's own code, from the final APK, on a JVM with Android 15's framework; signature and "
               "manifest by Android's tools, App Bundles by bundletool",
     .not_tested = "a phone, an emulator, a store",
     .next = "Copy the file to the phone and open it there, or: adb install FILE. The app proves itself at "
             "its first start.\n"
             "Since September 2026 phones of more and more countries block apps of developers that Google "
             "does not know. If yours does:\n"
             "  use adb install, or allow unverified apps in the phone's settings, or register the "
             "fingerprint above with Google;\n"
             "  or take the web app, which needs no installation: handlens app {run} --target web",
     .has_id = true,
     .shows_examples = true,
     .sends_records = true},
    {.target = Target::kWeb,
     .name = "web",
     .step = "app-web",
     .title = "web app",
     .devices = "browsers",
     .summary = "an app for browsers that also works offline, on iPhones too: a folder for any static host",
     .files = "a folder of files: index.html, sw.js, bundle/ and others",
     .checks = "208 golden vectors of the pixel contract, the model's hash, the held-out pictures' scores",
     .permissions = "the camera, when its button is pressed",
     .tested = "Chromium, with a simulated camera, also offline",
     .not_tested = "other browsers, a phone's browser",
     .next = "Copy it to any host that speaks https, or: handlens serve {run}",
     .shows_examples = true,
     .sends_records = true},
    {.target = Target::kC,
     .name = "c",
     .step = "app-c",
     .title = "plain C",
     .devices = "whatever has a C compiler, microcontrollers too",
     .summary = "the model as two files of plain C, for programs of your own and for microcontrollers",
     .files = "model.h, model.c, example.c, check.h, Makefile, README.md, handlens-c.json",
     .checks = "a picture whose scores must be the computer's to the last bit (make check)",
     .permissions = "none",
     .tested = "bits of the official runtime's reference kernels: on x86-64, and in emulators of aarch64, "
               "ARMv7 and a Cortex-M4",
     .not_tested = "a microcontroller of silicon",
     .next = "Copy model.h and model.c into your project; make check there tries them.",
     .carries_pictures = false},
    {.target = Target::kIos,
     .name = "ios",
     .step = "app-ios",
     .title = "iPhone project",
     .devices = "the iPhone",
     .summary = "an Xcode project for the iPhone, with the model as plain C; build it on a Mac",
     .files = "App.xcodeproj, App/, native/, bundle/, golden/, README.md, handlens-project.json",
     .checks = "208 golden vectors of the pixel contract, the model's hash, the held-out pictures' scores",
     .permissions = "the camera, when its button is pressed",
     .tested = "its C code, run on this computer and compiled for arm64; its Swift parsed, never compiled; "
               "property lists and project file read back",
     .not_tested = "Xcode, a simulator, an iPhone",
     .next =
         "Open App.xcodeproj with Xcode 16 or later, choose your team under Signing, and run it on a phone.",
     .has_id = true,
     .sends_records = true},
    {.target = Target::kFlutter,
     .name = "flutter",
     .step = "app-flutter",
     .title = "Flutter project",
     .devices = "Flutter",
     .summary = "the gallery app with the field test as a Flutter project for Android, iOS, Linux, macOS and "
                "Windows, with the model as plain C",
     .files = "pubspec.yaml, lib/, native_model/, assets/, android/, ios/, macos/, README.md, "
              "handlens-project.json",
     .checks = "208 golden vectors of the pixel contract, the model's hash, the held-out pictures' scores",
     .permissions = "what the system asks for when a picture is taken or chosen",
     .tested = "its C code, run on this computer through the calls that Dart makes; its Dart parsed, never "
               "compiled; what its field test records, taken in by verify --import; its lists and manifests "
               "read back",
     .not_tested = "a Dart compiler, Flutter, a phone",
     .next = "In that folder run `flutter create --platforms=android,ios,linux,macos,windows .` as its "
             "README.md says, then `flutter run`.",
     .has_id = true,
     .sends_records = true},
    {.target = Target::kPi,
     .name = "pi",
     .step = "app-pi",
     .title = "Raspberry Pi program",
     .devices = "the Raspberry Pi and other Linux boxes",
     .summary = "one program with the model within it, for the Raspberry Pi and other Linux boxes, also as a "
                "Debian package",
     .files = "handlens-NAME-arm64, handlens-NAME-armhf, a .deb of each, README.md, handlens-pi.json",
     .checks = "208 golden vectors of the pixel contract, the model's hash, the held-out pictures' scores",
     .permissions = "the camera (group video), when it is named; the network, with --serve",
     .tested = "the programs for 64 and 32 bits, under emulation (qemu-user): golden vectors, scores to the "
               "last bit, videos and folders as cameras, the page; the packages by Debian's tools",
     .not_tested = "a Raspberry Pi, a camera",
     .next = "Copy the program for your system (uname -m: aarch64 is arm64, armv7l is armhf) and run it with "
             "--self-check;\n"
             "or install its package there: sudo apt install ./FILE.deb",
     .has_id = true,
     .sends_records = true},
};

// The row of a target; null when no target has that name.
constexpr const TargetFacts* FindTarget(std::string_view name) {
  for (const TargetFacts& facts : kTargets) {
    if (facts.name == name) return &facts;
  }
  return nullptr;
}
// The row of a target, which always is there.
constexpr const TargetFacts& FactsOf(Target target) {
  for (const TargetFacts& facts : kTargets) {
    if (facts.target == target) return facts;
  }
  __builtin_unreachable();  // a target without a row; in a constant expression it does not compile
}

// The names joined at compile time: the option table needs its choices as a constant.
namespace internal {
inline constexpr size_t kChoicesBytes = [] {
  size_t bytes = 0;
  for (const TargetFacts& facts : kTargets) bytes += facts.name.size() + 1;
  return bytes;
}();
inline constexpr std::array<char, kChoicesBytes> kChoices = [] {
  std::array<char, kChoicesBytes> text{};
  size_t at = 0;
  for (const TargetFacts& facts : kTargets) {
    for (const char c : facts.name) text[at++] = c;
    text[at++] = '|';
  }
  return text;
}();
}  // namespace internal

// "android|web|...", in the order of the table.
inline constexpr std::string_view kTargetChoices(internal::kChoices.data(), internal::kChoicesBytes - 1);

}  // namespace handlens::package
