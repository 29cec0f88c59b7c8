// GICv3 creation, addresses, size and initialisation (api.rst 4.79, devices/arm-vgic-v3.rst).
#pragma once
#include "model/dispatch.hpp"
#include "spec/handles.hpp"
#include "spec/kvm/attribute.hpp"
#include "spec/kvm/vgic/create.hpp"
#include "spec/kvm/vgic/placement.hpp"

namespace assay {

// KVM_DEV_TYPE_* (uapi/linux/kvm.h).
inline constexpr u32 vfio_device = 4, vgic_v2_device = 5, vgic_v3_device = 7, vgic_its_device = 8;

// ioctl(VM, KVM_CREATE_DEVICE, {type, fd, flags}).
template <class D>
struct CreateDevice {
  static constexpr const char* name = "create_device";
  static constexpr const char* syntax =
      "ioctl(<vm>, KVM_CREATE_DEVICE, unreadable:{type=type, fd=<new device>, flags=flags})";
  static constexpr const char* source = "api.rst 4.79; kvm_main.c:kvm_ioctl_create_device";
  static constexpr const char* constants = "type=KVM_DEV_TYPE_";
  Flag<D> unreadable{};
  Word<D, 32> type{}, flags{};
  static constexpr auto fields() {
    return members<&CreateDevice::unreadable, &CreateDevice::type, &CreateDevice::flags>;
  }
  // The kind of descriptor a success creates; none with KVM_CREATE_DEVICE_TEST.
  static std::string_view makes(const Event& e) {
    const auto call = rule_of<Concrete, CreateDevice<Concrete>>(e);
    if (bit(call.flags, 0)) return {};
    return declaration_of(device_of_type(static_cast<u32>(call.type.value())))->name;
  }

  void apply(Step<D>& k, Vm<D>& vm) const {
    const Flag<D> v2 = type == vgic_v2_device, v3 = type == vgic_v3_device,
                  its = type == vgic_its_device;
    const Flag<D> only_tests = bit(flags, 0);
    gate<D>(k, vm);
    k.reject(Errno::fault, unreadable, {"copy_in", "kvm_main.c: copy_from_user"});
    k.reject(Errno::nodev,
             !(v2 && vm.host.gic_v2) && !(v3 && vm.host.gic_v3) && !(its && vm.host.its) &&
                 !(type == vfio_device),
             {"unknown_device_type", "api.rst 4.79: ENODEV"});
    k.when(!only_tests && type == vfio_device, [&] {
      k.reject(Errno::busy, vm.vfio, {"vfio_exists", "vfio.c:kvm_vfio_create: one for a VM"});
      k.set(vm.vfio, true);
    });
    k.when(!only_tests && (v2 || v3), [&] { create_vgic<D>(k, vm, v2); });
    k.when(!only_tests && its, [&] {
      const Word<D, 16> next = plain(vm.itses.count);
      k.at(vm.itses.its, next, [&](Its<D>& made) { k.set(made.created, true); });
      k.set(vm.itses.count, next + Word<D, 16>(1));
    });
  }
};

// An attribute of a GICv3 is set on its descriptor: KVM_CREATE_DEVICE has made one. The descriptor
// of a GICv2 is of another kind, which no rule is about.
template <class D>
struct OnVgic {
  static constexpr auto fields() { return members<>; }
  Flag<D> can_be_called(const Vm<D>& vm) const { return vm.gic.created && !vm.gic.v2; }
};
template <Name group>
using VgicGroup = AttributeGroup<OnVgic, "vgic", group>;

struct VgicAddresses : VgicGroup<"KVM_DEV_ARM_VGIC_GRP_ADDR"> {
  template <class D>
  static void begin_set(Step<D>& k, Vm<D>& vm, const auto& call) {
    gate<D>(k, vm);
    k.reject(Errno::fault, call.unreadable, {"copy_in", "arm-vgic-v3.rst ADDR: EFAULT"});
    k.reject(Errno::nxio, vm.gic.v2, {"not_v3", "vgic-kvm-device.c:vgic_check_type"});
  }
};
template <Name attribute>
using VgicAddress = AttributeOf<VgicAddresses, attribute>;

// KVM_DEV_ARM_VGIC_GRP_ADDR / KVM_VGIC_V3_ADDR_TYPE_DIST: where the distributor is.
struct VgicDist : VgicAddress<"KVM_VGIC_V3_ADDR_TYPE_DIST"> {
  static constexpr AttributeCall sets{"vgic_set_dist",
                                      "arm-vgic-v3.rst ADDR; vgic-kvm-device.c:kvm_vgic_addr"};
  static constexpr AttributeCall gets{"vgic_get_dist",
                                      "arm-vgic-v3.rst ADDR; vgic-kvm-device.c:kvm_vgic_addr"};
  template <class D>
  using Value = FieldList<Field<"base", 0, &Vgic<D>::dist_base>>;
  template <class D>
  static void get(Step<D>& k, Vm<D>& vm, const auto& call) {
    const auto& base = field<"base">(call);
    k.reject(Errno::fault, call.unreadable, {"copy_out", "arm-vgic-v3.rst ADDR: EFAULT"});
    k.require(!vm.gic.dist_set || base == vm.gic.dist_base,
              {"dist_as_set", "arm-vgic-v3.rst ADDR"});
  }
  template <class D>
  static void set(Step<D>& k, Vm<D>& vm, const auto& call) {
    const auto& base = field<"base">(call);
    k.reject(Errno::exist, vm.gic.dist_set, {"dist_already_set", "arm-vgic-v3.rst ADDR: EEXIST"});
    check_range(k, vm, base, Num<D>(dist_bytes),
                {"unaligned", "arm-vgic-v3.rst ADDR: EINVAL, 64K alignment"},
                {"wraps", "vgic-kvm-device.c:vgic_check_iorange"},
                {"beyond_ipa_size", "arm-vgic-v3.rst ADDR: E2BIG"});
    k.set(vm.gic.dist_set, true);
    k.set(vm.gic.dist_base, base);
  }
};

// KVM_VGIC_V3_ADDR_TYPE_REDIST: one legacy region, as large as there are vCPUs.
struct VgicRedist : VgicAddress<"KVM_VGIC_V3_ADDR_TYPE_REDIST"> {
  static constexpr AttributeCall sets{
      "vgic_set_redist", "arm-vgic-v3.rst ADDR; vgic-mmio-v3.c:vgic_v3_alloc_redist_region"};
  static constexpr AttributeCall gets{"vgic_get_redist",
                                      "arm-vgic-v3.rst ADDR; vgic-kvm-device.c:kvm_vgic_addr"};
  // That of the first region.
  template <class D>
  static void get(Step<D>& k, Vm<D>& vm, const auto& call) {
    const auto& base = field<"base">(call);
    k.reject(Errno::fault, call.unreadable, {"copy_out", "arm-vgic-v3.rst ADDR: EFAULT"});
    k.when(vm.gic.regions != 0, [&] {
      k.at(vm.gic.region, Word<D, 16>(0), [&](const auto& r) {
        k.require(base == r.base, {"redist_as_set", "arm-vgic-v3.rst ADDR"});
      });
    });
  }
  template <class D>
  using Value = FieldList<Field<"base", 0, &RedistRegion<D>::base>>;
  template <class D>
  static void set(Step<D>& k, Vm<D>& vm, const auto& call) {
    const auto& base = field<"base">(call);
    const Num<D> size = to_number(plain(vm.online)) * redist_bytes;
    k.reject(Errno::inval, base + size >= wrap_at<D>(),
             {"wraps", "vgic-mmio-v3.c: base + size < base"});
    k.reject(Errno::inval, vm.gic.regions != 0 && last_region_has_count<D>(vm),
             {"mixes_region_kinds", "vgic-mmio-v3.c: single and discrete regions do not mix"});
    k.reject(Errno::exist, vm.gic.regions != 0,
             {"redist_already_set", "arm-vgic-v3.rst ADDR: EEXIST"});
    k.reject(Errno::inval,
             vm.gic.dist_set && ranges_overlap<D>(vm.gic.dist_base, Num<D>(dist_bytes), base, size),
             {"overlaps_dist", "vgic-mmio-v3.c: vgic_dist_overlap"});
    check_range(k, vm, base, size, {"unaligned", "arm-vgic-v3.rst ADDR: EINVAL, 64K alignment"},
                {"end_wraps", "vgic-kvm-device.c:vgic_check_iorange"},
                {"beyond_ipa_size", "arm-vgic-v3.rst ADDR: E2BIG"});
    add_region<D>(k, vm, base, Num<D>(0));
  }
};

// KVM_VGIC_V3_ADDR_TYPE_REDIST_REGION: [63:52] count, [51:16] base, [15:12] flags, [11:0] index.
struct VgicRedistRegion : VgicAddress<"KVM_VGIC_V3_ADDR_TYPE_REDIST_REGION"> {
  static constexpr AttributeCall sets{"vgic_set_redist_region",
                                      "arm-vgic-v3.rst ADDR; vgic-kvm-device.c:kvm_vgic_addr"};
  static constexpr AttributeCall gets{"vgic_get_redist_region",
                                      "arm-vgic-v3.rst ADDR; vgic-kvm-device.c:kvm_vgic_addr"};
  // What the call asks for and what it answers are one value, and a trace tells the latter.
  template <class D>
  static void get(Step<D>& k, Vm<D>& vm, const auto& call) {
    k.reject(Errno::fault, call.unreadable, {"copy_in", "arm-vgic-v3.rst ADDR: EFAULT"});
    k.reject(Errno::noent, vm.gic.regions == 0, {"no_region", "vgic-kvm-device.c:kvm_vgic_addr"});
    k.may_fail(Errno::noent, {"no_region_of_index", "vgic-kvm-device.c:kvm_vgic_addr"});
  }
  template <class D>
  using Value = FieldList<Field<"region", 0, 64u>>;
  template <class D>
  static void set(Step<D>& k, Vm<D>& vm, const auto& call) {
    const auto& region = field<"region">(call);
    const Num<D> base = to_number(field_bits<36>(region, 16)) * 0x10000;
    const Word<D, 12> frames = field_bits<12>(region, 52);
    const Num<D> count = to_number(frames);
    const Num<D> size = count * redist_bytes;
    const Word<D, 8> index = field_bits<8>(region, 0);  // 12 bits documented, 8 used
    k.reject(Errno::inval, frames == 0, {"no_frames", "arm-vgic-v3.rst: count must be set"});
    k.reject(Errno::inval, field_bits<4>(region, 12) != 0,
             {"unknown_flags", "arm-vgic-v3.rst: flags must be zero"});
    k.reject(Errno::inval, zero_extend<16>(index) != vm.gic.regions,
             {"index_out_of_order", "arm-vgic-v3.rst: regions in order of their index"});
    k.reject(Errno::inval,
             any<D>(vm.gic.region,
                    [&](const auto& r) {
                      return r.present &&
                             ranges_overlap<D>(r.base, region_bytes<D>(vm, r), base, size);
                    }),
             {"overlaps_region", "vgic-mmio-v3.c:vgic_v3_rdist_overlap"});
    k.reject(Errno::toobig, base + size > vm.ipa_bytes,
             {"beyond_ipa_size", "arm-vgic-v3.rst ADDR: E2BIG"});
    add_region<D>(k, vm, base, count);
  }
};

// KVM_DEV_ARM_VGIC_GRP_NR_IRQS.
struct VgicNrIrqs : AttributeOf<VgicGroup<"KVM_DEV_ARM_VGIC_GRP_NR_IRQS">, ""> {
  static constexpr AttributeCall sets{"vgic_set_nr_irqs",
                                      "arm-vgic-v3.rst NR_IRQS; vgic_set_common_attr"};
  static constexpr AttributeCall gets{"vgic_get_nr_irqs",
                                      "arm-vgic-v3.rst NR_IRQS; vgic_get_common_attr"};
  template <class D>
  static void get(Step<D>& k, Vm<D>& vm, const auto& call) {
    const auto& irqs = field<"irqs">(call);
    k.reject(Errno::fault, call.unreadable, {"copy_out", "vgic-kvm-device.c: put_user"});
    k.require(irqs == zero_extend<32>(plain(vm.gic.spis)) + 32,
              {"irqs_as_set", "arm-vgic-v3.rst NR_IRQS"});
  }
  template <class D>
  using Value = FieldList<Field<"irqs", 0, 32u>>;
  template <class D>
  static void set(Step<D>& k, Vm<D>& vm, const auto& call) {
    const auto& irqs = field<"irqs">(call);
    k.reject(Errno::fault, call.unreadable, {"copy_in", "vgic-kvm-device.c: get_user"});
    k.reject(Errno::inval, irqs < 64, {"too_few", "arm-vgic-v3.rst NR_IRQS: at least 64"});
    k.reject(Errno::inval, irqs > 1023, {"too_many", "arm-vgic-v3.rst NR_IRQS: at most 1024"});
    k.reject(Errno::inval, (irqs & 31) != 0, {"not_multiple_of_32", "arm-vgic-v3.rst NR_IRQS"});
    k.reject(Errno::busy, vm.gic.ready || vm.gic.spis != 0,
             {"already_set", "arm-vgic-v3.rst NR_IRQS: EBUSY"});
    k.set(vm.gic.spis, truncate<16>(irqs) - 32);
  }
};

// KVM_DEV_ARM_VGIC_GRP_CTRL / KVM_DEV_ARM_VGIC_CTRL_INIT.
struct VgicInit
    : AttributeOf<VgicGroup<"KVM_DEV_ARM_VGIC_GRP_CTRL">, "KVM_DEV_ARM_VGIC_CTRL_INIT"> {
  static constexpr AttributeCall sets{"vgic_init", "arm-vgic-v3.rst CTRL; vgic-init.c:vgic_init"};
  template <class D>
  using Value = FieldList<>;
  template <class D>
  static void set(Step<D>& k, Vm<D>& vm, const auto&) {
    k.may_fail(Errno::nomem, {"no_memory", "arm-vgic-v3.rst CTRL_INIT: ENOMEM"});
    if (k.is(Behaviour::documented_alternatives))
      k.may_fail(Errno::nodev, {"no_vcpu", "arm-vgic-v3.rst CTRL_INIT: ENODEV, no online VCPU"});
    initialize_vgic<D>(k, vm);
  }
};

}  // namespace assay
