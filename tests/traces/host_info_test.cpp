// What the laboratory says of a machine, as the host record of a trace header.
#include "traces/abi/arm64/host_info.hpp"
#include "tests/arm64.hpp"

#include <gtest/gtest.h>

namespace assay::traces {
namespace {

const std::string capabilities =
    "release=6.12.107+deb13-arm64\nuser_address_bits=52\ncap.MAX_VCPUS=512\ncap.NR_MEMSLOTS=32767\n"
    "cap.ARM_VM_IPA_SIZE=52\ncap.ARM_PMU_V3=1\ncap.ARM_SVE=1\ncap.ARM_EL1_32BIT=1\n"
    "cap.ARM_PTRAUTH_ADDRESS=1\ncap.ARM_PTRAUTH_GENERIC=1\ndevice.VGIC_V2=ENODEV\n"
    "device.VGIC_V3=0\ndevice.VGIC_ITS=0\npreferred_target=5\nonline_cpus=0-3\n";

TraceHeader header_of(const std::string& pmus) {
  TraceHeader out;
  EXPECT_EQ(read_host_info(capabilities + pmus, out), "");
  return out;
}

TEST(HostInfo, EveryCpuHasThePmuThatListsIt) {
  const TraceHeader h = header_of(
      "pmu.armv8_cortex_a57.type=11\npmu.armv8_cortex_a57.cpus=2-3\n"
      "pmu.armv8_cortex_a53.type=10\npmu.armv8_cortex_a53.cpus=0-1\n");
  EXPECT_EQ(h.profile, "linux-6.12");
  EXPECT_NE(host_text(h.host).find("pe[0].pmu=10 pe[1].pmu=10 pe[2].pmu=11 pe[3].pmu=11 "
                                   "pmu[0].type=10 pmu[1].type=11"),
            std::string::npos)
      << host_text(h.host);
}

TEST(HostInfo, ACpuThatNoPmuListsHasNone) {
  const TraceHeader h = header_of("pmu.armv8_cortex_a53.type=10\npmu.armv8_cortex_a53.cpus=0-1\n");
  EXPECT_EQ(host_of(h.host).pe[1].pmu, 10u);
  EXPECT_EQ(host_of(h.host).pe[2].pmu, no_pmu);
  EXPECT_EQ(host_of(h.host).pe[3].pmu, no_pmu);
}

// A PMU that does not say which CPUs it belongs to may be any CPU's.
TEST(HostInfo, NothingIsConcludedFromAPmuWithoutCpus) {
  const TraceHeader h = header_of("pmu.armv8_pmuv3.type=10\n");
  EXPECT_EQ(host_of(h.host).pe[0].pmu, 0u);
  EXPECT_EQ(host_of(h.host).pmu[0].type, 10u);
}

TEST(HostInfo, PointerAuthenticationIsBothOfItsKinds) {
  const auto ptrauth = [](const char* address, const char* generic) {
    TraceHeader h;
    read_host_info(std::string("cap.ARM_PTRAUTH_ADDRESS=") + address +
                       "\ncap.ARM_PTRAUTH_GENERIC=" + generic + "\n",
                   h);
    return raw(host_of(h.host).ptrauth) != 0;
  };
  EXPECT_TRUE(ptrauth("1", "1"));
  EXPECT_FALSE(ptrauth("1", "0"));
  EXPECT_FALSE(ptrauth("0", "1"));
}

}  // namespace
}  // namespace assay::traces
