#pragma once

#include "gds/crypto/digest.h"
#include "gds/model/run.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace gds::plan {

/// What the operator allows.
struct GuardLimits {
    std::int64_t max_delete = 25;              ///< -1: no limit
    std::optional<double> max_delete_percent;  ///< of the mirror's files; nullopt: off
    bool allow_empty_source = false;
};

/// The whole plan in the numbers that guards look at.
struct GuardFacts {
    std::int64_t planned_deletes = 0;  ///< files at whose path nothing of the source remains
    std::int64_t mirror_files = 0;     ///< files the mirror or the destination holds now
    std::int64_t source_files = 0;     ///< files of a complete listing that can be mirrored
};

/// The verdict of each guard: empty-source, max-delete, and max-delete-percent where it is on. More
/// than the limit trips; the limit itself does not. An empty source trips only where there is
/// something to lose.
std::vector<model::GuardVerdict> judge(const GuardFacts& facts, const GuardLimits& limits);

bool any_tripped(const std::vector<model::GuardVerdict>& verdicts);
bool empty_source_tripped(const std::vector<model::GuardVerdict>& verdicts);

/// Names one exact set of deletes: the first 16 hex digits of a SHA-256 over its members, which
/// have to come sorted by (id, path, checksum).
class PlanId {
public:
    void add(std::string_view id, std::string_view path, std::string_view checksum);
    std::string finish() &&;

private:
    crypto::Digest digest_{crypto::Algorithm::sha256};
};

}  // namespace gds::plan
