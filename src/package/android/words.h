// What the packed app and the project for Android Studio share: the template's placeholders, the checks of
// the user's words, the icon. Not for other rooms.
#pragma once

#include "package/android/binary_xml.h"
#include "package/package.h"
#include "package/zip.h"

namespace handlens::package {

// What the template says where the user's words belong (apps/android/AndroidManifest.xml,
// apps/android/project).
inline constexpr const char* kTemplateId = "handlens.placeholder.id";
inline constexpr const char* kTemplateLabel = "handlens placeholder label";
inline constexpr const char* kTemplateVersion = "handlens placeholder version";
inline constexpr const char* kIconName = "ic_launcher.png";

// Kind kUsage for an application id, version or name that Android refuses.
Result<void> CheckAndroidWords(const AndroidRequest& request);

// The user's words in the template's manifest.
ManifestEdit AndroidEdit(const AndroidRequest& request);

// The app as an App Bundle with the files of `bundle`, signed. Kind kInternal when a template does not fit.
Result<Bytes> MakeAppBundle(const AndroidRequest& request, const SigningKey& key,
                            const std::vector<BundleFile>& bundle);

// The icon as PNG, as large as the density in the path says (192 px when it says none).
Bytes AndroidIcon(const image::Image& icon, const std::string& path);

}  // namespace handlens::package
