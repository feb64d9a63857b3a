// Protocol buffers' wire format (protobuf.dev/programming-guides/encoding), as far as App Bundles need it:
// writing small messages, and changing words in a compiled manifest. Nothing else of the manifest changes.
#pragma once

#include <span>
#include <string_view>

#include "base/disk.h"
#include "base/result.h"
#include "package/android/binary_xml.h"

namespace handlens::package {

// Fields appended to a message.
void PutVarint(Bytes& message, int field, uint64_t value);
void PutPart(Bytes& message, int field, std::span<const uint8_t> part);  // a message, or bytes
void PutPart(Bytes& message, int field, std::string_view text);

// The edit of EditBinaryXml on an XmlNode of AOSP's Resources.proto. Same errors.
Result<Bytes> EditProtoXml(std::span<const uint8_t> xml, const ManifestEdit& edit);

}  // namespace handlens::package
