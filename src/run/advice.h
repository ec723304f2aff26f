#pragma once

#include "gds/base/result.h"

#include <string>

namespace gds::run {

/// The failure with the destination's name and, where its kind has one, what a person can do.
Error advise_on_destination(const Error& problem, const std::string& destination);
/// The failure with what becomes of it, where the message cannot say what to do.
Error advise_on_source(const Error& problem);

}  // namespace gds::run
