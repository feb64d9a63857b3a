// Debian packages and tar archives as bytes: what `ar`, `tar` and dpkg-deb read (deb(5), POSIX ustar). Only
// for what handlens packs: plain files with short names, owned by root. Equal contents give equal bytes.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/disk.h"

namespace handlens::package {

struct TarFile {
  std::string name;  // "usr/bin/x"; up to 98 bytes
  Bytes bytes;
  bool executable = false;
};

// The folders of the names come first, each once.
enum class TarFolders { kListed, kLeftOut };
Bytes WriteTar(const std::vector<TarFile>& files, TarFolders folders);

struct DebControl {
  std::string package;           // "handlens-leaf-guide"
  std::string version;           // "1.0"
  std::string architecture;      // "arm64"
  std::string synopsis;          // one line
  std::string description;       // further lines, each without an empty one
  std::vector<TarFile> scripts;  // "postinst", ...; executable
};
// Installed-Size, md5sums and the archives are made of `files`.
Bytes WriteDeb(const DebControl& control, const std::vector<TarFile>& files);

}  // namespace handlens::package
