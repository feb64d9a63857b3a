// Claims about the table of targets: complete, and the one source of names.
#include "package/targets.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace handlens::package {
namespace {

TEST(Targets, NameEachTargetOnceInTheChoices) {
  std::string joined;
  std::set<std::string_view> names;
  for (const TargetFacts& facts : kTargets) {
    joined += (joined.empty() ? "" : "|") + std::string(facts.name);
    EXPECT_TRUE(names.insert(facts.name).second) << facts.name;
    EXPECT_EQ(FindTarget(facts.name), &facts);
    EXPECT_EQ(&FactsOf(facts.target), &facts);
    EXPECT_EQ(facts.step, "app-" + std::string(facts.name));
  }
  EXPECT_EQ(kTargetChoices, joined);
  EXPECT_EQ(FindTarget("windows"), nullptr);
  EXPECT_EQ(FindTarget(""), nullptr);
}

TEST(Targets, SayEverythingThatTheTablesOfHelpAndDocsShow) {
  for (const TargetFacts& facts : kTargets) {
    for (const std::string_view text : {facts.title, facts.devices, facts.summary, facts.files, facts.checks,
                                        facts.permissions, facts.tested, facts.not_tested, facts.next}) {
      EXPECT_FALSE(text.empty()) << facts.name;
    }
    EXPECT_FALSE(facts.summary.ends_with('.')) << facts.name;
  }
}

}  // namespace
}  // namespace handlens::package
