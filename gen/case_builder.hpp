// Builds one case: which operation comes next, on which handles, by which thread.
#pragma once
#include "gen/generator.hpp"
#include "gen/search.hpp"

namespace assay::gen {

class CaseBuilder {
 public:
  CaseBuilder(const Profile& profile, const SystemHost& host, const Knowledge& knowledge);
  // Appends operations to `p`, whose profile, host and number are set.
  void build(Program& p, const GeneratorOptions& options, Random& random);
  // From now on everything met is also stored here.
  void learn_into(Knowledge* learned) { learned_ = learned; }
  u64 reached(const Goal& g) const { return reached_[g.rule][g.outcome]; }

 private:
  enum class Intent : std::uint8_t { progress, goal, probe, anything };

  void begin(const GeneratorOptions& options);
  void place_threads();
  void start_from_recipe();
  void repeat(const Operation& step);
  void next_operation();
  bool attempt(Intent intent);
  bool attempt_rule(u32 rule, Intent intent);
  u32 pick_rule(Intent intent);
  void find_handles();
  bool shape(Operation& op, u32 rule);
  bool lacks(HandleKind kind) const;
  u32& made_of(u32 vm, HandleKind kind);
  void number(Operation& op);
  std::size_t pick_outcome(u32 rule, Intent intent);
  bool accept(const Operation& op, Intent intent);
  void push(const Operation& op);
  void note_effects(const Operation& op);
  void close_something();
  void move_thread(unsigned thread);
  void pick_vm();
  void observe(const Operation& op, const Where& where);
  void write_recipe(const Operation& op);
  Where where(const Operation& op) const;

  // What of this VM can be acted on, and what is still to be made.
  struct Handles {
    bool usable = false;
    bool lacking = false;
  };

  const Rules& rules_;
  const Profile& profile_;
  const Knowledge& knowledge_;
  Knowledge* learned_ = nullptr;  // null: nothing is learned, cases are built for a campaign
  World world_;
  Pool pool_;
  Search search_;
  std::vector<std::vector<u64>> reached_;
  std::vector<std::uint8_t> swarm_;  // weight of each rule in this case
  std::vector<unsigned> weights_;    // of each rule in the choice that is being made
  std::vector<HandleKind> acts_on_;  // by rule: the kind that decides whether it can be called
  std::vector<Handles> handles_;     // by HandleKind
  std::size_t pe_count_ = 0;
  bool pes_differ_ = false;

  // Of the case that is being built.
  Program* program_ = nullptr;
  Random random_{0};
  Goal goal_;
  u32 vm_ = 0;             // the VM that operations act on now
  u32 vms_made_ = 0;       // VM numbers given out
  std::vector<u32> live_;  // VMs that exist and are not stuck
  u32 vms_wanted_ = 1;
  unsigned objects_wanted_ = 1;  // of each kind of which a VM may have several
  unsigned threads_ = 1;
  std::vector<unsigned> eager_;         // by HandleKind: how much sooner than others it is made
  std::vector<std::vector<u32>> made_;  // by VM and HandleKind: numbers given out
  std::vector<u32> failed_alike_;       // by VM: calls in a row that ended in the same check
  std::vector<std::size_t> last_outcome_;
  std::array<std::int32_t, threads_max> cpu_of_{};
  // Progress was not to be had with this rule as long as the states are as they were then.
  u32 version_ = 1;                         // of the states: grows with every change
  std::vector<u32> no_progress_;            // by rule: the version
  std::vector<Knowledge::Recipe> history_;  // by VM: what changed it; only while learning
};

}  // namespace assay::gen
