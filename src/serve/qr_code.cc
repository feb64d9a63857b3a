// QrCode: libqrcodegen's modules as half blocks.
#include <qrcodegen/qrcodegen.hpp>

#include "serve/serve.h"

namespace handlens::serve {

std::string QrCode(std::string_view text) {
  const auto code = qrcodegen::QrCode::encodeText(std::string(text).c_str(), qrcodegen::QrCode::Ecc::MEDIUM);
  constexpr int kQuiet = 2;
  const int end = code.getSize() + kQuiet;
  // Terminals are dark more often than light: drawing the light modules gives the right contrast there, and
  // phones read the inverted code of a light terminal too.
  const auto light = [&](int x, int y) { return y < end && !code.getModule(x, y); };
  std::string lines;
  for (int y = -kQuiet; y < end; y += 2) {
    for (int x = -kQuiet; x < end; ++x) {
      const bool upper = light(x, y), lower = light(x, y + 1);
      lines += upper && lower ? "█" : upper ? "▀" : lower ? "▄" : " ";
    }
    lines += '\n';
  }
  return lines;
}

}  // namespace handlens::serve
