#include "base/file_writer.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>
#include <vector>

#include "base/disk.h"
#include "base/openssl.h"

namespace handlens {

namespace fs = std::filesystem;

Result<FileWriter> FileWriter::Create(const fs::path& path) {
  if (path.has_parent_path()) HL_TRY(MakeFolder(path.parent_path()));
  std::string temporary = (path.parent_path() / UnfinishedTemplate()).string();
  const int descriptor = ::mkostemp(temporary.data(), O_CLOEXEC);
  if (descriptor < 0) return SystemError(path, errno);
  return FileWriter(path, std::move(temporary), descriptor);
}

FileWriter::FileWriter(FileWriter&& other) noexcept
    : path_(std::move(other.path_)),
      temporary_(std::exchange(other.temporary_, "")),
      descriptor_(std::exchange(other.descriptor_, -1)) {}

FileWriter::~FileWriter() {
  if (descriptor_ >= 0) ::close(descriptor_);
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

Result<void> FileWriter::Append(std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(descriptor_, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return SystemError(path_, errno);
    text.remove_prefix(static_cast<size_t>(written));
  }
  return {};
}

Result<void> FileWriter::Finish(Flush flush) {
  int error = flush == Flush::kLater || ::fsync(descriptor_) == 0 || errno == EINVAL ? 0 : errno;
  if (::fchmod(descriptor_, 0644) != 0 && error == 0) error = errno;
  if (::close(std::exchange(descriptor_, -1)) != 0 && error == 0) error = errno;
  if (error == 0 && ::rename(temporary_.c_str(), path_.c_str()) != 0) error = errno;
  if (error != 0) return SystemError(path_, error);
  temporary_.clear();
  if (flush == Flush::kLater) return {};
  return FlushFolder(path_.has_parent_path() ? path_.parent_path() : fs::path("."));
}

Result<std::string> Sha256OfFile(const fs::path& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) return SystemError(path, errno);
  const OpensslPointer<EVP_MD_CTX, EVP_MD_CTX_free> context(EVP_MD_CTX_new());
  HL_CHECK(context && EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr) == 1);
  std::vector<uint8_t> piece(size_t{1} << 18);
  int error = 0;
  for (ssize_t got = 1; error == 0 && got != 0;) {
    got = ::read(descriptor, piece.data(), piece.size());
    if (got < 0 && errno != EINTR) error = errno;
    if (got > 0) HL_CHECK(EVP_DigestUpdate(context.get(), piece.data(), static_cast<size_t>(got)) == 1);
  }
  ::close(descriptor);
  if (error != 0) return SystemError(path, error);
  std::array<unsigned char, 32> digest{};
  HL_CHECK(EVP_DigestFinal_ex(context.get(), digest.data(), nullptr) == 1);
  std::string hex;
  for (const unsigned char byte : digest) hex += fmt::format("{:02x}", byte);
  return hex;
}

}  // namespace handlens
