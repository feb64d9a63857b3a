// Claims about Debian packages and tar archives: Debian's own tools read them back.
#include "package/deb.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "package/own_folder.h"

namespace handlens::package {
namespace {

namespace fs = std::filesystem;

fs::path DebFolder(const std::string& name) {
  const fs::path folder = fs::path(testing::TempDir()) / ("handlens-deb-" + name);
  fs::remove_all(folder);
  EXPECT_TRUE(MakeFolder(folder));
  return folder;
}

// What a command says, on one line.
std::string Said(const std::string& command, const fs::path& folder) {
  const fs::path file = folder / "said";
  EXPECT_EQ(std::system((command + " >" + file.string() + " 2>&1").c_str()), 0)
      << command << "\n"
      << ReadText(file).value_or("");
  return ReadText(file).value_or("");
}

const std::vector<TarFile> kFiles = {{"usr/bin/x", TextBytes("program"), true},
                                     {"usr/share/doc/x/copyright", TextBytes(std::string(1500, 'c'))},
                                     {"usr/share/doc/x/empty", {}}};

TEST(Deb, TarReadsItsArchives) {
  if (std::system("tar --version >/dev/null 2>&1") != 0) GTEST_SKIP() << "no tar on this machine";
  const fs::path folder = DebFolder("tar");
  ASSERT_TRUE(WriteFileAtomic(folder / "a.tar", WriteTar(kFiles, TarFolders::kListed)));
  Said(fmt::format("tar -C {0} -xf {0}/a.tar", folder.string()), folder);
  for (const TarFile& file : kFiles) EXPECT_EQ(ReadFile(folder / file.name).value(), file.bytes);
  EXPECT_NE(fs::status(folder / "usr/bin/x").permissions() & fs::perms::owner_exec, fs::perms::none);
  EXPECT_EQ(fs::status(folder / "usr/share/doc/x/empty").permissions() & fs::perms::owner_exec,
            fs::perms::none);
}

TEST(Deb, DpkgReadsItsPackages) {
  if (std::system("dpkg-deb --version >/dev/null 2>&1") != 0) GTEST_SKIP() << "no dpkg-deb on this machine";
  const fs::path folder = DebFolder("package");
  const DebControl control = {.package = "handlens-x",
                              .version = "1.2~3",
                              .architecture = "arm64",
                              .synopsis = "X: 100 %",
                              .description = " More of it.\n",
                              .scripts = {{"postinst", TextBytes("#!/bin/sh\n"), true}}};
  ASSERT_TRUE(WriteFileAtomic(folder / "x.deb", WriteDeb(control, kFiles)));
  EXPECT_EQ(WriteDeb(control, kFiles), WriteDeb(control, kFiles));
  const std::string deb = (folder / "x.deb").string();
  EXPECT_EQ(Said("dpkg-deb --show --showformat '${Package} ${Version} ${Architecture} ${Installed-Size} "
                 "${Description}' " +
                     deb,
                 folder),
            "handlens-x 1.2~3 arm64 2 X: 100 %\n More of it.");
  const std::string contents = Said("dpkg-deb --contents " + deb, folder);
  EXPECT_NE(contents.find("-rwxr-xr-x root/root"), std::string::npos) << contents;
  EXPECT_NE(contents.find("./usr/share/doc/x/copyright"), std::string::npos) << contents;
  Said(fmt::format("dpkg-deb --raw-extract {} {}/out", deb, folder.string()), folder);
  Said(fmt::format("cd {}/out && md5sum --check --strict DEBIAN/md5sums", folder.string()), folder);
  EXPECT_EQ(ReadFile(folder / "out/usr/share/doc/x/copyright").value(), kFiles[1].bytes);
}

}  // namespace
}  // namespace handlens::package
