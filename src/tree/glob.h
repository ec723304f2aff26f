#pragma once

#include "gds/base/result.h"

#include <string>
#include <string_view>
#include <vector>

namespace gds::tree {

/// A glob of rclone's language as a regular expression for a whole path: `*` and `?` stop at '/',
/// `**` does not; `[...]` is a character class, `{a,b}` a choice, `{{...}}` a regular expression of
/// its own; a leading '/' ties it to the root, else it matches from the start of any name.
/// Error: invalid_argument, saying what is wrong with the glob.
Result<std::string> glob_to_regex(std::string_view glob);

/// Globs of which one matches each directory ("a/b/", with the slash) that can hold a match of
/// `glob` directly; "/**" where that cannot be told from the glob.
std::vector<std::string> directory_globs(std::string_view glob);

}  // namespace gds::tree
