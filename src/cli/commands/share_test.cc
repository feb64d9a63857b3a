#include "cli/commands/share.h"

#include <gtest/gtest.h>

#include <map>

namespace handlens::cli {
namespace {

using Variables = std::map<std::string, std::string>;

Result<search::Share> Read(std::string_view text, const Variables& variables = {}) {
  return ReadShare(text,
                   [&](const char* name) { return variables.contains(name) ? variables.at(name) : ""; });
}
std::string Words(std::string_view text, const Variables& variables = {}) {
  const auto share = Read(text, variables);
  return share ? fmt::format("{}/{}", share->number, share->of) : share.error().message;
}

TEST(Share, IsReadAsGiven) {
  EXPECT_EQ(Words("2/8"), "2/8");
  for (const char* bad :
       {"0/8", "9/8", "2", "2/", "/8", "a/8", "2/8/3", "", "1/0", "-1/3", "auto/", "auto/x", "auto"}) {
    const auto share = Read(bad);
    ASSERT_FALSE(share) << bad;
    EXPECT_EQ(share.error().kind, ErrorKind::kUsage);
    EXPECT_EQ(share.error().message.rfind("--shard: '", 0), 0u);
  }
}

// Names and meanings: sbatch(1), srun(1), the Open MPI 4.1 FAQ ("running"), Kubernetes' "Indexed Job",
// MPICH's PMI.
TEST(Share, IsTakenFromTheEngine) {
  EXPECT_EQ(
      Words("auto",
            {{"SLURM_ARRAY_TASK_ID", "7"}, {"SLURM_ARRAY_TASK_MIN", "5"}, {"SLURM_ARRAY_TASK_COUNT", "4"}}),
      "3/4");
  EXPECT_EQ(Words("auto", {{"SLURM_ARRAY_TASK_ID", "20"},
                           {"SLURM_ARRAY_TASK_MIN", "0"},
                           {"SLURM_ARRAY_TASK_STEP", "10"},
                           {"SLURM_ARRAY_TASK_COUNT", "4"}}),
            "3/4");
  EXPECT_EQ(Words("auto", {{"OMPI_COMM_WORLD_RANK", "0"}, {"OMPI_COMM_WORLD_SIZE", "2"}}), "1/2");
  EXPECT_EQ(Words("auto", {{"PMI_RANK", "3"}, {"PMI_SIZE", "4"}}), "4/4");
  EXPECT_EQ(Words("auto", {{"SLURM_PROCID", "1"}, {"SLURM_STEP_NUM_TASKS", "2"}}), "2/2");
  EXPECT_EQ(Words("auto/5", {{"JOB_COMPLETION_INDEX", "4"}}), "5/5");
  EXPECT_NE(Words("auto", {{"JOB_COMPLETION_INDEX", "4"}}).find("auto/N"), std::string::npos);
  EXPECT_NE(Words("auto/4", {{"JOB_COMPLETION_INDEX", "4"}}).find("5 of 4"), std::string::npos);
  // An array of tasks of several processes each.
  EXPECT_EQ(Words("auto", {{"SLURM_ARRAY_TASK_ID", "1"},
                           {"SLURM_ARRAY_TASK_COUNT", "3"},
                           {"SLURM_PROCID", "1"},
                           {"SLURM_STEP_NUM_TASKS", "2"}}),
            "4/6");
  EXPECT_EQ(Words("auto", {{"SLURM_ARRAY_TASK_ID", "0"}, {"SLURM_ARRAY_TASK_COUNT", "1"}}), "1/1");
}

TEST(Share, ThreadsAreThoseOfTheTask) {
  EXPECT_EQ(ThreadsOfTask([](const char*) { return "1"; }), 1);
  EXPECT_EQ(ThreadsOfTask([](const char*) { return ""; }), 0);
}

}  // namespace
}  // namespace handlens::cli
