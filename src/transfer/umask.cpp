#include "umask.h"

#include "gds/base/fd.h"
#include "gds/base/text.h"

#include <sys/stat.h>

#include <charconv>
#include <string>

namespace gds::transfer {

unsigned current_umask() {
    constexpr std::string_view kField = "Umask:";
    if (const auto status = read_small_file("/proc/self/status")) {
        for (const auto& line : split(*status, '\n')) {
            if (std::string_view(line).substr(0, kField.size()) != kField) {
                continue;
            }
            const auto text = trim(std::string_view(line).substr(kField.size()));
            unsigned value = 0;
            if (std::from_chars(text.data(), text.data() + text.size(), value, 8).ec ==
                std::errc()) {
                return value;
            }
        }
    }
    // Without /proc it can only be read by setting it; what another thread creates in between is
    // private, never too open.
    const mode_t mask = ::umask(077);
    ::umask(mask);
    return mask;
}

}  // namespace gds::transfer
