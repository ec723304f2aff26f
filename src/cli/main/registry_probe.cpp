#include "gds/cli/registry_probe.h"

#include <cstdio>
#include <exception>

int main(int argc, char** argv) {
    try {
        return static_cast<int>(gds::cli::registry_probe(argc, argv));
    } catch (const std::exception& failure) {
        (void)std::fprintf(stderr, "registry-probe: internal error: %s\n", failure.what());
        return static_cast<int>(gds::ExitCode::internal);
    }
}
