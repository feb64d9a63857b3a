// MakeAppBundle: the app as stores want it, an App Bundle
// (developer.android.com/guide/app-bundle/app-bundle-format): one module with resources and manifest as
// protocol buffers, the libraries of all processors, signed as a JAR.
#include <openssl/evp.h>

#include <algorithm>
#include <map>

#include "base/base64.h"
#include "package/android/proto.h"
#include "package/android/words.h"
#include "package/own_folder.h"

namespace handlens::package {
namespace {

constexpr std::string_view kModule = "base/";
constexpr std::string_view kBundletool = "1.18.3";  // by whose rules stores read it
constexpr size_t kLineBytes = 72;

// Numbers of bundletool's config.proto, files.proto and targeting.proto.
constexpr int kConfigBundletool = 1, kConfigOptimizations = 2, kConfigCompression = 3, kBundletoolVersion = 2,
              kOptimizationsLibraries = 2, kLibrariesEnabled = 1, kLibrariesAlignment = 2,
              kCompressionGlob = 1, kNativeDirectory = 1, kDirectoryPath = 1, kDirectoryTargeting = 2,
              kTargetingAbi = 1, kAbiAlias = 1;
constexpr uint64_t kAlignment16k = 2;

uint64_t AliasOf(std::string_view abi) {
  return abi == "armeabi-v7a" ? 2 : abi == "arm64-v8a" ? 3 : abi == "x86_64" ? 5 : 0;
}

// What the store makes APKs by: libraries stay mapped at pages of 16 KB, the model is stored so that it can
// be mapped, too.
Bytes Config() {
  Bytes config, tool, optimizations, libraries, compression;
  PutPart(tool, kBundletoolVersion, kBundletool);
  PutPart(config, kConfigBundletool, tool);
  PutVarint(libraries, kLibrariesEnabled, 1);
  PutVarint(libraries, kLibrariesAlignment, kAlignment16k);
  PutPart(optimizations, kOptimizationsLibraries, libraries);
  PutPart(config, kConfigOptimizations, optimizations);
  PutPart(compression, kCompressionGlob, "**.tflite");
  PutPart(config, kConfigCompression, compression);
  return config;
}

// Which folder of libraries is for which processor.
Bytes NativeFolders(const std::vector<std::string>& abis) {
  Bytes native;
  for (const std::string& abi : abis) {
    Bytes alias, targeting, folder;
    PutVarint(alias, kAbiAlias, AliasOf(abi));
    PutPart(targeting, kTargetingAbi, alias);
    PutPart(folder, kDirectoryPath, "lib/" + abi);
    PutPart(folder, kDirectoryTargeting, targeting);
    PutPart(native, kNativeDirectory, folder);
  }
  return native;
}

std::string DigestText(std::span<const uint8_t> bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  HL_CHECK(EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_sha256(), nullptr) == 1);
  return Base64(std::span(digest).first(size));
}

// A line of a JAR's manifest: what is longer than 72 bytes goes on in the next, behind a blank.
std::string Line(const std::string& text) {
  std::string out = text.substr(0, kLineBytes - 2) + "\r\n";
  for (size_t at = kLineBytes - 2; at < text.size(); at += kLineBytes - 3)
    out += " " + text.substr(at, kLineBytes - 3) + "\r\n";
  return out;
}

std::span<const uint8_t> BytesOf(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

// Signed as JAR files are (the JAR File Specification): hashes of the files, hashes of those hashes, a
// signature.
Result<void> SignJar(std::vector<ZipEntry>& entries, const SigningKey& key) {
  const std::string head = "Manifest-Version: 1.0\r\nCreated-By: handlens\r\n\r\n";
  std::string manifest = head, sections;
  for (const ZipEntry& entry : entries) {
    HL_ASSIGN(const Bytes bytes, EntryBytes(entry));
    const std::string name = Line("Name: " + entry.name);
    const std::string section = name + "SHA-256-Digest: " + DigestText(bytes) + "\r\n\r\n";
    manifest += section;
    sections += name + "SHA-256-Digest: " + DigestText(BytesOf(section)) + "\r\n\r\n";
  }
  const std::string signature_file =
      "Signature-Version: 1.0\r\nCreated-By: handlens\r\nSHA-256-Digest-Manifest: " +
      DigestText(BytesOf(manifest)) +
      "\r\nSHA-256-Digest-Manifest-Main-Attributes: " + DigestText(BytesOf(head)) + "\r\n\r\n" + sections;
  HL_ASSIGN(const Bytes signature, key.SignDetached(BytesOf(signature_file)));
  const ZipEntry signing[] = {StoredEntry("META-INF/MANIFEST.MF", BytesOf(manifest)),
                              StoredEntry("META-INF/HANDLENS.SF", BytesOf(signature_file)),
                              StoredEntry("META-INF/HANDLENS.RSA", signature)};
  entries.insert(entries.begin(), std::begin(signing), std::end(signing));
  return {};
}

Result<std::vector<ZipEntry>> ReadTemplate(const std::filesystem::path& path) {
  HL_ASSIGN(const Bytes archive, ReadFile(path));
  auto entries = ReadZip(archive);
  if (!entries) return Fail(ErrorKind::kInternal, "{}: {}", path.string(), entries.error().message);
  return entries;
}

// Code and libraries, from the templates of the APKs. The code is in each of them, the same.
Result<void> AddCode(const AndroidRequest& request, std::vector<ZipEntry>& entries) {
  std::vector<std::string> abis;
  bool code = false;
  for (const std::filesystem::path& path : request.bundle_templates) {
    HL_ASSIGN(std::vector<ZipEntry> own, ReadTemplate(path));
    for (ZipEntry& entry : own) {
      const bool library = entry.name.starts_with("lib/");
      if (entry.name.ends_with(".dex") && !code) entry.name = "dex/" + entry.name;
      else if (!library) continue;
      code = code || !library;
      if (library) abis.push_back(entry.name.substr(4, entry.name.find('/', 4) - 4));
      entry.name = std::string(kModule) + entry.name;
      entries.push_back(std::move(entry));
    }
  }
  std::sort(abis.begin(), abis.end());
  abis.erase(std::unique(abis.begin(), abis.end()), abis.end());
  entries.push_back(StoredEntry(std::string(kModule) + "native.pb", NativeFolders(abis)));
  return {};
}

}  // namespace

Result<Bytes> MakeAppBundle(const AndroidRequest& request, const SigningKey& key,
                            const std::vector<BundleFile>& bundle) {
  HL_ASSIGN(std::vector<ZipEntry> resources, ReadTemplate(request.bundle_resources));
  std::vector<ZipEntry> entries = {StoredEntry("BundleConfig.pb", Config())};
  for (ZipEntry& entry : resources) {
    const std::string name =
        std::string(kModule) + (entry.name == "AndroidManifest.xml" ? "manifest/" : "") + entry.name;
    if (entry.name == "AndroidManifest.xml") {
      HL_ASSIGN(const Bytes manifest, EntryBytes(entry));
      HL_ASSIGN(const Bytes edited, EditProtoXml(manifest, AndroidEdit(request)));
      entry = StoredEntry(name, edited);
    } else if (entry.name.ends_with(kIconName)) {
      entry = StoredEntry(name, AndroidIcon(request.icon, entry.name));
    }
    entry.name = name;
    entries.push_back(std::move(entry));
  }
  HL_TRY(AddCode(request, entries));
  for (const BundleFile& file : bundle)
    entries.push_back(StoredEntry(std::string(kModule) + "assets/bundle/" + file.name, file.bytes));
  HL_TRY(SignJar(entries, key));
  return WriteZip(entries).bytes;
}

}  // namespace handlens::package
