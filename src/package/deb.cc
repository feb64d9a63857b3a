#include "package/deb.h"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <set>

#include "base/openssl.h"
#include "package/own_folder.h"

namespace handlens::package {
namespace {

constexpr size_t kBlock = 512;
constexpr int64_t kTime = 347155200;  // 1981-01-01, as in the other archives

void Append(Bytes& to, std::string_view text) { to.insert(to.end(), text.begin(), text.end()); }

// `text` at a place of a header's block.
void Put(std::array<uint8_t, kBlock>& block, size_t at, std::string_view text) {
  std::copy(text.begin(), text.end(), block.begin() + static_cast<std::ptrdiff_t>(at));
}

// A header of ustar. Its checksum is of itself with the checksum's field as blanks.
void AppendHeader(Bytes& to, const std::string& name, size_t bytes, int mode, char type) {
  HL_CHECK(name.size() < 100);
  std::array<uint8_t, kBlock> block{};
  Put(block, 0, name);
  Put(block, 100, fmt::format("{:07o}", mode));
  Put(block, 108, "0000000");
  Put(block, 116, "0000000");
  Put(block, 124, fmt::format("{:011o}", bytes));
  Put(block, 136, fmt::format("{:011o}", kTime));
  Put(block, 148, "        ");
  Put(block, 156, std::string_view(&type, 1));
  Put(block, 257, std::string_view("ustar\00000", 8));
  Put(block, 265, "root");
  Put(block, 297, "root");
  unsigned sum = 0;
  for (const uint8_t byte : block) sum += byte;
  Put(block, 148, fmt::format("{:06o}", sum));
  block[154] = 0;
  to.insert(to.end(), block.begin(), block.end());
}

void Fill(Bytes& to) { to.resize((to.size() + kBlock - 1) / kBlock * kBlock); }

// "a/", "a/b/" of "a/b/c".
std::vector<std::string> FoldersOf(const std::string& name) {
  std::vector<std::string> folders;
  for (size_t slash = name.find('/'); slash != std::string::npos; slash = name.find('/', slash + 1))
    folders.push_back(name.substr(0, slash + 1));
  return folders;
}

Bytes Gzip(const Bytes& bytes) {
  constexpr int kWithGzipHeader = 15 + 16, kMemory = 9;
  z_stream stream{};
  HL_CHECK(deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, kWithGzipHeader, kMemory,
                        Z_DEFAULT_STRATEGY) == Z_OK);
  Bytes out(deflateBound(&stream, bytes.size()) + 64);
  stream.next_in = const_cast<Bytef*>(bytes.data());
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = out.data();
  stream.avail_out = static_cast<uInt>(out.size());
  HL_CHECK(deflate(&stream, Z_FINISH) == Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

// dpkg wants this hash and no better one.
std::string Md5(const Bytes& bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  HL_CHECK(EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_md5(), nullptr) == 1);
  std::string text;
  for (unsigned i = 0; i < size; ++i) text += fmt::format("{:02x}", digest[i]);
  return text;
}

void AppendMember(Bytes& archive, std::string_view name, const Bytes& bytes) {
  Append(archive,
         fmt::format("{:<16}{:<12}{:<6}{:<6}{:<8}{:<10}`\n", name, kTime, 0, 0, "100644", bytes.size()));
  archive.insert(archive.end(), bytes.begin(), bytes.end());
  if (archive.size() % 2 != 0) archive.push_back('\n');
}

}  // namespace

Bytes WriteTar(const std::vector<TarFile>& files, TarFolders folders) {
  Bytes tar;
  std::set<std::string> made;
  if (folders == TarFolders::kListed) AppendHeader(tar, "./", 0, 0755, '5');
  for (const TarFile& file : files) {
    const std::string prefix = folders == TarFolders::kListed ? "./" : "";
    for (const std::string& folder : FoldersOf(file.name)) {
      if (folders == TarFolders::kListed && made.insert(folder).second)
        AppendHeader(tar, prefix + folder, 0, 0755, '5');
    }
    AppendHeader(tar, prefix + file.name, file.bytes.size(), file.executable ? 0755 : 0644, '0');
    tar.insert(tar.end(), file.bytes.begin(), file.bytes.end());
    Fill(tar);
  }
  tar.resize(tar.size() + 2 * kBlock);
  return tar;
}

Bytes WriteDeb(const DebControl& control, const std::vector<TarFile>& files) {
  size_t bytes = 0;
  std::string sums;
  for (const TarFile& file : files) {
    bytes += file.bytes.size();
    sums += fmt::format("{}  {}\n", Md5(file.bytes), file.name);
  }
  const std::string text = fmt::format(
      "Package: {}\nVersion: {}\nArchitecture: {}\nMaintainer: whoever packed it with handlens "
      "<nobody@example.invalid>\nInstalled-Size: {}\n"
      "Section: misc\nPriority: optional\nDescription: {}\n{}",
      control.package, control.version, control.architecture, (bytes + 1023) / 1024, control.synopsis,
      control.description);
  std::vector<TarFile> about = {{"control", TextBytes(text)}, {"md5sums", TextBytes(sums)}};
  about.insert(about.end(), control.scripts.begin(), control.scripts.end());
  Bytes deb = TextBytes("!<arch>\n");
  AppendMember(deb, "debian-binary", TextBytes("2.0\n"));
  AppendMember(deb, "control.tar.gz", Gzip(WriteTar(about, TarFolders::kListed)));
  AppendMember(deb, "data.tar.gz", Gzip(WriteTar(files, TarFolders::kListed)));
  return deb;
}

}  // namespace handlens::package
