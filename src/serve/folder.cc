// ReadFolder: the files of a packed app, as a browser shall get them.
#include <algorithm>
#include <array>
#include <utility>

#include "base/hash.h"
#include "serve/serve.h"

namespace handlens::serve {

const char kContentSecurityPolicy[] =
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' blob: data:; "
    "media-src 'self' blob:; connect-src 'self'; worker-src 'self'; manifest-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'";

std::string_view ContentType(std::string_view name) {
  using Row = std::pair<std::string_view, std::string_view>;
  static constexpr std::array kTypes = {Row{".html", "text/html; charset=utf-8"},
                                        Row{".js", "text/javascript; charset=utf-8"},
                                        Row{".css", "text/css; charset=utf-8"},
                                        Row{".json", "application/json"},
                                        Row{".webmanifest", "application/manifest+json"},
                                        Row{".wasm", "application/wasm"},
                                        Row{".png", "image/png"},
                                        Row{".jpg", "image/jpeg"},
                                        Row{".jpeg", "image/jpeg"},
                                        Row{".webp", "image/webp"},
                                        Row{".gif", "image/gif"},
                                        Row{".bmp", "image/bmp"},
                                        Row{".tiff", "image/tiff"},
                                        Row{".md", "text/markdown; charset=utf-8"}};
  const size_t dot = name.rfind('.');
  const std::string_view ending = dot == std::string_view::npos ? std::string_view() : name.substr(dot);
  const auto row =
      std::find_if(kTypes.begin(), kTypes.end(), [&](const Row& each) { return each.first == ending; });
  return row == kTypes.end() ? "application/octet-stream" : row->second;
}

Result<std::map<std::string, ServedFile>> ReadFolder(const std::filesystem::path& folder) {
  std::map<std::string, ServedFile> files;
  std::error_code error;
  auto it = std::filesystem::recursive_directory_iterator(folder, error);
  for (; !error && it != std::filesystem::recursive_directory_iterator(); it.increment(error)) {
    const bool hidden = it->path().filename().string().starts_with('.');
    if (hidden && it->is_directory(error)) it.disable_recursion_pending();
    if (hidden || it->is_symlink(error) || !it->is_regular_file(error)) continue;
    HL_ASSIGN(const Bytes bytes, ReadFile(it->path()));
    const std::string name = it->path().lexically_relative(folder).generic_string();
    files["/" + name] = {
        std::string(ContentType(name)), fmt::format("\"{}\"", Sha256(bytes)), {bytes.begin(), bytes.end()}};
  }
  if (error) return Fail(ErrorKind::kBadInput, "{}: {}", folder.string(), error.message());
  const auto index = files.find("/index.html");
  if (index == files.end())
    return Fail(ErrorKind::kBadInput, "{}: no web app here; make one with `handlens app RUN --target web`",
                folder.string());
  files["/"] = index->second;
  return files;
}

}  // namespace handlens::serve
