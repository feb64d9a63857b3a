// Pictures to a verdict, with one's own progress display: pictures_to_verdict PICTURES RUN [NAME=VALUE]...
#include <handlens/handlens.h>

#include <cstdio>
#include <mutex>

class Dots : public handlens::Progress {
 public:
  void Begin(std::string_view step, double, std::string_view) override { Print("\n", step); }
  void Update(double, std::string_view) override { Print(".", ""); }
  void End(std::string_view summary) override { Print(" ", summary); }
  void Say(std::string_view) override {}
  void Warn(std::string_view line) override { Print("\nmind: ", line); }
  bool StopRequested() const override { return false; }

 private:
  void Print(const char* before, std::string_view text) {  // steps report from several threads
    const std::lock_guard lock(mutex_);
    std::fprintf(stderr, "%s%.*s", before, static_cast<int>(text.size()), text.data());
  }
  std::mutex mutex_;
};

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  handlens::RunRequest request{.pictures = argv[1], .folder = argv[2]};
  for (int i = 3; i < argc; ++i) {
    const std::string word = argv[i];
    request.options[word.substr(0, word.find('='))] = word.substr(word.find('=') + 1);
  }
  Dots dots;
  const auto result = handlens::RunPictures(request, dots);
  if (!result) {
    std::fprintf(stderr, "\n%s\n", result.error().message.c_str());
    return static_cast<int>(result.error().kind);
  }
  std::printf("%s\n%d of %d right (%.0f to %.0f %%): %s\n", result->summary.c_str(), result->accuracy.correct,
              result->accuracy.n, 100 * result->accuracy.low, 100 * result->accuracy.high,
              result->model_file.c_str());
}
