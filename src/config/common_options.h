#pragma once

#include "gds/config/config.h"

#include <string_view>
#include <vector>

namespace gds::config {

// Options that both programs have.

/// Of a duration option, whose values are milliseconds.
inline constexpr double kSecond = 1000;

Option ca_cert_option(std::string_view group, std::string_view commands);

/// Which commands take them ("" for all), and what differs besides.
struct OutputOptions {
    std::string_view group;
    std::string_view report;
    std::string_view metrics;
    std::string_view progress;
    std::string_view instance_help;
};

/// Report, metrics, log and progress; the configuration file comes last.
std::vector<Option> common_output_options(const OutputOptions& which);

}  // namespace gds::config
