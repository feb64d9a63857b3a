#include "package/zip.h"

#include <gtest/gtest.h>
#include <zip.h>

#include "base/rng.h"
#include "package/little_endian.h"

namespace handlens::package {
namespace {

Bytes Numbers(size_t count) {
  Bytes bytes(count);
  for (size_t i = 0; i < count; ++i) bytes[i] = static_cast<uint8_t>(i * 7);
  return bytes;
}

std::vector<ZipEntry> Sample() {
  return {StoredEntry("assets/bundle/app.json", Numbers(13)),
          StoredEntry("lib/arm64-v8a/libx.so", Numbers(20001)),
          StoredEntry("assets/bundle/model.tflite", Numbers(999)), StoredEntry("empty", {})};
}

// Where libzip, which nobody here wrote, reads an archive from memory.
struct Opened {
  explicit Opened(const Bytes& bytes) {
    zip_error_t error;
    zip_error_init(&error);
    archive = zip_open_from_source(zip_source_buffer_create(bytes.data(), bytes.size(), 0, &error),
                                   ZIP_RDONLY | ZIP_CHECKCONS, &error);
  }
  ~Opened() { zip_discard(archive); }
  zip_t* archive = nullptr;
};

TEST(Zip, LibzipReadsWhatItWrote) {
  const auto entries = Sample();
  const ZipLayout zip = WriteZip(entries);
  const Opened opened(zip.bytes);
  ASSERT_NE(opened.archive, nullptr);
  ASSERT_EQ(zip_get_num_entries(opened.archive, 0), 4);
  for (const ZipEntry& entry : entries) {
    zip_file_t* file = zip_fopen(opened.archive, entry.name.c_str(), 0);
    ASSERT_NE(file, nullptr) << entry.name;
    Bytes bytes(entry.size_bytes);
    EXPECT_EQ(zip_fread(file, bytes.data(), bytes.size()), static_cast<zip_int64_t>(bytes.size()));
    EXPECT_EQ(bytes, entry.data);
    EXPECT_EQ(zip_fclose(file), 0) << "the CRC does not match";
  }
}

TEST(Zip, ReadsWhatItWrote) {
  const auto read = ReadZip(WriteZip(Sample()).bytes);
  ASSERT_TRUE(read);
  ASSERT_EQ(read->size(), 4u);
  for (size_t i = 0; i < 4; ++i) {
    EXPECT_EQ((*read)[i].name, Sample()[i].name);
    EXPECT_EQ(EntryBytes((*read)[i]).value(), Sample()[i].data);
  }
}

TEST(Zip, StoredEntriesStartWhereTheyCanBeMapped) {
  const ZipLayout zip = WriteZip(Sample());
  const auto starts_at = [&](const Bytes& data) {
    const auto it = std::search(zip.bytes.begin(), zip.bytes.end(), data.begin(), data.end());
    return static_cast<size_t>(it - zip.bytes.begin());
  };
  EXPECT_EQ(starts_at(Numbers(20001)) % 16384, 0u);
  EXPECT_EQ(starts_at(Sample()[2].data) % 4, 0u);
}

TEST(Zip, ReadsDeflatedEntriesOfOthers) {
  const Bytes plain(5000, 'a');
  Bytes archive;
  {
    zip_error_t error;
    zip_error_init(&error);
    zip_source_t* memory = zip_source_buffer_create(nullptr, 0, 0, &error);
    zip_source_keep(memory);
    zip_t* zip = zip_open_from_source(memory, ZIP_TRUNCATE, &error);
    zip_file_add(zip, "a.txt", zip_source_buffer(zip, plain.data(), plain.size(), 0), 0);
    ASSERT_EQ(zip_close(zip), 0);
    zip_source_open(memory);
    zip_source_seek(memory, 0, SEEK_END);
    archive.resize(static_cast<size_t>(zip_source_tell(memory)));
    zip_source_seek(memory, 0, SEEK_SET);
    zip_source_read(memory, archive.data(), archive.size());
    zip_source_free(memory);
  }
  const auto entries = ReadZip(archive);
  ASSERT_TRUE(entries);
  EXPECT_EQ((*entries)[0].method, 8);
  EXPECT_EQ(EntryBytes((*entries)[0]).value(), plain);
}

TEST(Zip, DamagedArchivesAreRefusedOrReadNeverFollowed) {
  const Bytes good = WriteZip(Sample()).bytes;
  for (size_t size = 0; size < good.size(); size += 97) {
    EXPECT_FALSE(ReadZip(std::span(good).first(size))) << size;
  }
  for (uint64_t i = 0; i < 2000; ++i) {
    Rng rng(1, "zip damage", {i});
    Bytes bad = good;
    bad[good.size() - 1 - rng.Below(400)] = static_cast<uint8_t>(rng.Next());
    if (const auto entries = ReadZip(bad)) {
      for (const ZipEntry& entry : *entries) (void)EntryBytes(entry);
    }
  }
}

// Two readers may take two different ones of them: what one checks is not what the other installs.
TEST(Zip, RefusesTwoEntriesOfOneName) {
  auto entries = Sample();
  entries.push_back(StoredEntry("assets/bundle/app.json", Numbers(99)));
  const auto read = ReadZip(WriteZip(entries).bytes);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().kind, ErrorKind::kBadInput);
  EXPECT_NE(read.error().message.find("occurs twice"), std::string::npos) << read.error().message;
}

// 65,535 entries may name the same bytes: a small file would become hundreds of gigabytes.
TEST(Zip, RefusesEntriesThatShareTheirBytes) {
  const ZipLayout zip = WriteZip({StoredEntry("a", Numbers(1000)), StoredEntry("b", Numbers(1))});
  Bytes bad = zip.bytes;
  const size_t second = zip.directory_offset + 46 + 1;
  PutAt<uint32_t>(bad, second + 20, 1000);
  PutAt<uint32_t>(bad, second + 42, 0);
  const auto read = ReadZip(bad);
  ASSERT_FALSE(read);
  EXPECT_NE(read.error().message.find("share"), std::string::npos) << read.error().message;
}

TEST(Zip, AChangedByteIsNoticedByTheCrc) {
  auto entries = Sample();
  entries[0].data[3] ^= 1;
  EXPECT_FALSE(EntryBytes(entries[0]));
}

}  // namespace
}  // namespace handlens::package
