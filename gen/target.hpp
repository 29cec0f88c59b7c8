// Implementations that programs are run against.
//
//   model               the specification itself, possibly with a seeded defect
//   lab:6.1             a real kernel under emulation (lab:6.1:biglittle: on unequal CPUs);
//                       lab:./Image is a kernel of the user's
//   device:/dev/kvm     this machine's kernel, through the performer
//   cmd:PROGRAM         anything that reads programs as text and writes traces
//
// A target is used by one thread at a time; a campaign makes one for each of its jobs.
#pragma once
#include <functional>
#include <memory>

#include "gen/program.hpp"

namespace assay::gen {

class Target {
 public:
  virtual ~Target() = default;
  // Runs the programs, each on its own: one result for each. A program that was never begun,
  // because the target could not be brought back, is `not_run`.
  virtual std::vector<Answers> run(std::span<const Program> batch) = 0;
  // How many programs are best given at once.
  virtual unsigned batch_size() const { return 64; }
};

struct TargetOptions {
  const Mutation* mutation = nullptr;  // model only
  std::string performer;               // device: the performer's binary
  std::string lab_script;              // lab: path of lab.sh
  std::string lab_append;              // lab: more kernel command line
  unsigned timeout_seconds = 60;       // for one batch; then the target is started anew
};

// Makes targets of one kind. Null: `error` says what is wrong with the description.
using TargetFactory = std::function<std::unique_ptr<Target>()>;
TargetFactory target_factory(std::string_view description, const TargetOptions& options,
                             std::string& error);

// What "lab:KERNEL[:MACHINE]" names. A kernel may be a path; a machine has no slash.
struct LabNames {
  std::string kernel, machine = "standard";
};
LabNames lab_names(std::string_view description);
// Whether it is one of the laboratory's machines.
bool is_lab_machine(std::string_view name);

std::unique_ptr<Target> make_model_target(const Mutation* mutation);
std::unique_ptr<Target> make_lab_target(std::string kernel, std::string machine,
                                        const TargetOptions& options);
std::unique_ptr<Target> make_device_target(const TargetOptions& options);
std::unique_ptr<Target> make_command_target(std::string command, const TargetOptions& options);

}  // namespace assay::gen
