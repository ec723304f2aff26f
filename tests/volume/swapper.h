#pragma once

#include "volume/temp_volume.h"

#include <atomic>
#include <filesystem>
#include <thread>

namespace gds::volume::testing {

/// Somebody who swaps "folder" for a symlink that leads outside, and back, all the time.
class Swapper {
public:
    Swapper(const TempVolume& volume, const TempVolume& outside) : volume_(volume) {
        std::filesystem::create_directory_symlink(outside->path(), volume.full("trap"));
        thread_ = std::thread([this] {
            while (!done_) {
                EXPECT_TRUE(volume_->exchange("folder", "trap"));
            }
        });
    }
    ~Swapper() { stop(); }
    Swapper(const Swapper&) = delete;
    Swapper& operator=(const Swapper&) = delete;

    /// Ends it, with the folder in its place.
    void stop() {
        if (!thread_.joinable()) {
            return;
        }
        done_ = true;
        thread_.join();
        if ((*volume_->stat("trap"))->type == FileType::directory) {
            EXPECT_TRUE(volume_->exchange("folder", "trap"));
        }
    }

private:
    const TempVolume& volume_;
    std::atomic<bool> done_ = false;
    std::thread thread_;
};

}  // namespace gds::volume::testing
