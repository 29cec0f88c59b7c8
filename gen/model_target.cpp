// The specification as an implementation.
#include "gen/boundaries.hpp"
#include "gen/random.hpp"
#include "gen/target.hpp"
#include "gen/world.hpp"

namespace assay::gen {
namespace {

class ModelTarget final : public Target {
 public:
  explicit ModelTarget(const Mutation* mutation) : mutation_(mutation) {}

  std::vector<Answers> run(std::span<const Program> batch) override {
    std::vector<Answers> out(batch.size());
    for (std::size_t i = 0; i < batch.size(); ++i) one(batch[i], out[i]);
    return out;
  }
  unsigned batch_size() const override { return 256; }

 private:
  void one(const Program& p, Answers& out);
  void call(const Operation& op, Answer& a);
  StepResult resolve(const Operation& op, Event& e);
  bool settle_answers(const Operation& op, Event& e, StepResult& r);

  const Mutation* mutation_;
  std::unique_ptr<World> world_;
  Random random_{0};
  std::array<std::int32_t, threads_max> cpu_{};
};

// A pattern of answers to the first few questions: what Choices' odometer shows after r turns.
void preset(Choices& choices, u64 r, unsigned questions) {
  for (; r != 0; --r) {
    for (unsigned i = 0; i < questions; ++i) choices.flag();
    choices.next();
  }
}

void ModelTarget::one(const Program& p, Answers& out) {
  if (!world_ || &world_->profile() != p.profile)
    world_ = std::make_unique<World>(*p.profile, p.host);
  else world_->reset(p.host);
  // Not the stream that made the program.
  random_ = Random(~p.seed, p.number);
  const u64 pes = world_->rules().system().info().cpus(p.host).size();
  for (auto& cpu : cpu_) cpu = pes == 0 ? -1 : static_cast<std::int32_t>(random_.below(pes));
  out.of.resize(p.operations.size());
  for (std::size_t i = 0; i < p.operations.size(); ++i) {
    const Operation& op = p.operations[i];
    Answer& a = out.of[i];
    a.event = op.event;
    a.tid = planned_tid(op.thread);
    a.cpu = cpu_[op.thread];
    if (!world_->usable(op)) continue;
    a.executed = true;
    if (op.kind == Operation::Kind::affinity)
      cpu_[op.thread] = a.cpu = static_cast<std::int32_t>(op.cpu);
    else if (op.kind == Operation::Kind::close) world_->close(op);
    else call(op, a);
  }
  out.end = Answers::End::completed;
}

// Freedoms are mostly not used, now and then one is; what is not legal is not given.
StepResult ModelTarget::resolve(const Operation& op, Event& e) {
  Choices choices;
  StepOptions options;
  options.choices = &choices;
  options.mutation = mutation_;
  if (random_.one_in(32)) preset(choices, random_.between(1, 7), 3);
  StepResult r = world_->step(op, e, options);
  if (!r.ok || r.legal) return r;
  choices.reset();
  do {
    world_->undo();
    choices.rewind();
    r = world_->step(op, e, options);
  } while (r.ok && !r.legal && choices.next());
  return r;
}

// Finds the numbers an implementation answers with: those that make every require() an equality.
bool ModelTarget::settle_answers(const Operation& op, Event& e, StepResult& r) {
  const RuleFacts& f = world_->rules().facts(e.rule);
  const auto& arguments = world_->rules().info(e.rule).arguments;
  if (f.answers_from == arguments.size()) return false;
  for (unsigned a = f.answers_from; a < arguments.size(); ++a) {
    world_->undo();
    Probe seen;
    probe(world_->profile(), e, world_->index_of(op), world_->state_of(op), seen);
    for (const Edge& edge : seen.edges)
      if (edge.argument >= f.answers_from && edge.argument < Event::values_max)
        e.value[edge.argument] = edge.part;
    r = resolve(op, e);
    if (!r.ok || r.legal) return true;
  }
  return true;
}

void ModelTarget::call(const Operation& op, Answer& a) {
  Event e = event_at(world_->rules(), op, a.tid, a.cpu);
  StepResult r = resolve(op, e);
  if (r.ok && !r.legal && settle_answers(op, e, r)) {
    const RuleFacts& f = world_->rules().facts(e.rule);
    for (unsigned i = f.answers_from; i < Event::values_max; ++i) a.event.value[i] = e.value[i];
  }
  a.event.answered = true;
  a.event.answer = r.ok ? Errno::ok : r.code;
  a.event.has_returned = r.ok && r.has_returned;
  a.event.returned = r.returned;
  world_->keep(op, r.ok);
}

}  // namespace

std::unique_ptr<Target> make_model_target(const Mutation* mutation) {
  return std::make_unique<ModelTarget>(mutation);
}

}  // namespace assay::gen
