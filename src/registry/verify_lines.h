#pragma once

#include "gds/registry/graph.h"

#include <string>
#include <vector>

namespace gds::registry {

/// One line for each thing below each root that was looked at, in the order of the manifests:
/// "ok", "broken" with why, or "unasked".
std::string verify_lines(const std::string& host, const Graph& graph,
                         const std::vector<Finding>& broken);

}  // namespace gds::registry
