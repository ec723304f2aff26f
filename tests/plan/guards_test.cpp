#include "gds/plan/guards.h"

#include "gds/plan/decide.h"

#include <gtest/gtest.h>

namespace gds::plan {
namespace {

const model::GuardVerdict& named(const std::vector<model::GuardVerdict>& verdicts,
                                 std::string_view name) {
    for (const auto& verdict : verdicts) {
        if (verdict.name == name) {
            return verdict;
        }
    }
    throw std::runtime_error("no such guard");
}

TEST(MaxDelete, TripsPastTheLimitNotAtIt) {
    GuardLimits limits;
    limits.max_delete = 25;
    EXPECT_FALSE(named(judge({25, 100, 75}, limits), "max-delete").tripped);
    EXPECT_TRUE(named(judge({26, 100, 74}, limits), "max-delete").tripped);
}

TEST(MaxDelete, ZeroAllowsNoneAndMinusOneAll) {
    GuardLimits limits;
    limits.max_delete = 0;
    EXPECT_FALSE(any_tripped(judge({0, 100, 100}, limits)));
    EXPECT_TRUE(any_tripped(judge({1, 100, 99}, limits)));
    limits.max_delete = -1;
    EXPECT_FALSE(any_tripped(judge({100000, 100001, 1}, limits)));
}

TEST(MaxDeletePercent, IsAShareOfTheMirror) {
    GuardLimits limits;
    limits.max_delete = -1;
    limits.max_delete_percent = 10;
    EXPECT_FALSE(any_tripped(judge({10, 100, 90}, limits)));
    EXPECT_TRUE(named(judge({11, 100, 89}, limits), "max-delete-percent").tripped);
    EXPECT_EQ(judge({11, 100, 89}, limits).size(), 3U);
}

TEST(EmptySource, TripsOnlyWhereSomethingCanBeLost) {
    GuardLimits limits;
    EXPECT_TRUE(empty_source_tripped(judge({3, 3, 0}, limits)));
    EXPECT_FALSE(empty_source_tripped(judge({0, 0, 0}, limits)));
    EXPECT_FALSE(empty_source_tripped(judge({3, 4, 1}, limits)));
    limits.allow_empty_source = true;
    EXPECT_FALSE(any_tripped(judge({3, 3, 0}, limits)));
}

TEST(PlanId, NamesTheExactSet) {
    const auto id = [](std::string_view a, std::string_view b, std::string_view c) {
        PlanId plan;
        plan.add(a, b, c);
        return std::move(plan).finish();
    };
    EXPECT_EQ(id("1", "a", "x").size(), 16U);
    EXPECT_EQ(id("1", "a", "x"), id("1", "a", "x"));
    EXPECT_NE(id("1", "a", "x"), id("1", "a", "y"));
    EXPECT_NE(id("1", "a", "x"), id("1a", "", "x"));
}

TEST(Decide, CoversEveryCase) {
    using model::ActionKind;
    const auto reason = [](FileCase file) {
        const auto transfer = decide(file);
        return transfer ? std::string(transfer->reason) : std::string("none");
    };
    EXPECT_EQ(reason({Held::nothing, false, false, false}), "new");
    EXPECT_EQ(reason({Held::nothing, true, true, true}), "missing");
    EXPECT_EQ(reason({Held::as_recorded, true, false, true}), "content");
    EXPECT_EQ(reason({Held::edited, true, true, true}), "local");
    EXPECT_EQ(reason({Held::touched, true, true, true}), "mtime");
    EXPECT_EQ(reason({Held::as_recorded, true, true, false}), "mtime");
    EXPECT_EQ(reason({Held::as_recorded, true, true, true}), "none");
    EXPECT_EQ(decide({Held::nothing, false, false, false})->kind, ActionKind::download);
    EXPECT_EQ(decide({Held::edited, true, true, true})->kind, ActionKind::update);
}

}  // namespace
}  // namespace gds::plan
