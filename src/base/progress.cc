#include "base/progress.h"

namespace handlens {
namespace {

class Silent final : public Progress {
 public:
  void Begin(std::string_view, double, std::string_view) override {}
  void Update(double, std::string_view) override {}
  void End(std::string_view) override {}
  void Say(std::string_view) override {}
  void Warn(std::string_view) override {}
  bool StopRequested() const override { return false; }
};

}  // namespace

Progress& SilentProgress() {
  static Silent silent;
  return silent;
}

}  // namespace handlens
