#include "gds/cli/gdrive_sync.h"

#include <cstdio>
#include <exception>

int main(int argc, char** argv) {
    try {
        return static_cast<int>(gds::cli::gdrive_sync(argc, argv));
    } catch (const std::exception& failure) {
        (void)std::fprintf(stderr, "gdrive-sync: internal error: %s\n", failure.what());
        return static_cast<int>(gds::ExitCode::internal);
    }
}
