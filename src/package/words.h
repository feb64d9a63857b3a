// The user's words in the places where projects of other makers want them: checked, and escaped for each
// file's language. Not for other rooms.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace handlens::package {

// "org.example.leaves": two or more parts of letters, digits and _, each beginning with a letter. Kind
// kUsage.
Result<void> CheckApplicationId(std::string_view id);
// 1 to 50 characters; kind kUsage.
Result<void> CheckAppName(std::string_view name);

// The last part of an application id as the name of a Dart package: small letters, no word that Dart or
// Flutter keeps.
std::string DartPackage(std::string_view id);

// The last part of an application id as the name of a program and its Debian package:
// "org.example.leaf_guide" -> "handlens-leaf-guide". The beginning keeps it from taking the place of a
// package of the system.
std::string ProgramName(std::string_view id);

// An application id as Apple takes it: letters, digits, - and dots.
std::string AppleId(std::string_view id);

// "1" -> "1.0.0", "2.3" -> "2.3.0": three numbers, as Apple and Dart want versions. Kind kUsage for anything
// else.
Result<std::string> NumericVersion(std::string_view version_name);

// Text between tags of an XML property list. What the list cannot hold (control characters) is left out.
// Xcode would take
// "$(" and "${" for one of its settings, so the dollar becomes U+FF04, which looks the same.
std::string PlistEscaped(std::string_view text);

// The value of an attribute that is an Android resource string.
std::string AndroidEscaped(std::string_view text);

// A scalar in YAML's double quotes, with the quotes.
std::string YamlQuoted(std::string_view text);

// Every `from` in `text` becomes `to`; what was put in is not looked at again.
void ReplaceAll(std::string& text, std::string_view from, std::string_view to);

}  // namespace handlens::package
