// The compiled part of {fmt}, made of its own headers: whoever needs it takes it from here instead
// of from a shared library, which would have to be found and bound at each start.
#include <fmt/format-inl.h>

// What the headers declare as instantiated in the library.
template fmt::detail::dragonbox::decimal_fp<float> fmt::detail::dragonbox::to_decimal(float);
template fmt::detail::dragonbox::decimal_fp<double> fmt::detail::dragonbox::to_decimal(double);
template fmt::detail::thousands_sep_result<char> fmt::detail::thousands_sep_impl(locale_ref);
template char fmt::detail::decimal_point_impl(locale_ref);
