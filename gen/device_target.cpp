// This machine's kernel as a target: a performer process for each batch.
#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "gen/performer.hpp"
#include "gen/target.hpp"
#include "traces/stop.hpp"

namespace assay::gen {
namespace {

namespace fs = std::filesystem;

class DeviceTarget final : public Target {
 public:
  explicit DeviceTarget(const TargetOptions& options) : options_(options) {
    std::string pattern = (fs::temp_directory_path() / "assay-device-XXXXXX").string();
    if (mkdtemp(pattern.data()) != nullptr) dir_ = pattern;
  }
  ~DeviceTarget() override {
    std::error_code ignored;
    if (!dir_.empty()) fs::remove_all(dir_, ignored);
  }
  DeviceTarget(const DeviceTarget&) = delete;
  DeviceTarget& operator=(const DeviceTarget&) = delete;

  // The performer reports crashes and hangs of single programs itself; when it dies, the program
  // that was under way is the one that crashed, and the rest goes to a new performer.
  std::vector<Answers> run(std::span<const Program> batch) override {
    std::vector<Answers> out(batch.size());
    for (std::size_t done = 0; done < batch.size() && !dir_.empty();) {
      const std::span<const Program> rest = batch.subspan(done);
      const bool died = !perform(rest);
      if (stop::requested()) break;  // we ended it
      const std::size_t ended =
          read_capture((dir_ / "capture").string(), rest, died, {out.data() + done, rest.size()});
      done += ended;
      if (ended == 0 || !died) break;
    }
    return out;
  }

 private:
  bool perform(std::span<const Program> batch) {
    const std::string ops = (dir_ / "ops").string(), capture = (dir_ / "capture").string();
    {
      const std::vector<std::uint8_t> bytes = performer_stream(batch);
      std::ofstream file(ops, std::ios::binary);
      file.write(reinterpret_cast<const char*>(bytes.data()),
                 static_cast<std::streamsize>(bytes.size()));
    }
    const pid_t child = fork();
    if (child == 0) {
      stop::in_child();
      setpgid(0, 0);                     // Ctrl-C is for the campaign to handle
      prctl(PR_SET_PDEATHSIG, SIGKILL);  // and it must not outlive us, however we end
      execl(options_.performer.c_str(), "perform", ops.c_str(), capture.c_str(),
            static_cast<char*>(nullptr));
      _exit(127);
    }
    int status = -1;
    if (child > 0 && !stop::wait_child(child, status)) {
      ::kill(-child, SIGKILL);  // its own group: also what it started
      stop::reap(child, status);
    }
    return child > 0 && status == 0;
  }

  TargetOptions options_;
  fs::path dir_;
};

}  // namespace

std::unique_ptr<Target> make_device_target(const TargetOptions& options) {
  return std::make_unique<DeviceTarget>(options);
}

}  // namespace assay::gen
