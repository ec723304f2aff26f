#pragma once

#include "gds/base/text.h"
#include "gds/config/config.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <string>

namespace gds::config {

/// A configuration file, removed when the test is done with it.
class ConfigFile {
public:
    explicit ConfigFile(const std::string& text)
        : path_(std::filesystem::temp_directory_path() /
                ("gds-config-" + random_hex(8) + ".toml")) {
        std::ofstream(path_) << text;
    }
    ConfigFile(const ConfigFile&) = delete;
    ConfigFile& operator=(const ConfigFile&) = delete;
    ~ConfigFile() {
        std::error_code ignored;
        std::filesystem::remove(path_, ignored);
    }
    [[nodiscard]] std::string path() const { return path_; }

private:
    std::filesystem::path path_;
};

using Variables = std::map<std::string, std::string>;

/// What gdrive-sync would run with, given these flags, variables and, unless empty, this file.
struct Given {
    Flags flags = {};
    Variables variables = {};
    std::string file = "";

    [[nodiscard]] Result<Resolved> resolve() const {
        auto all = flags;
        std::optional<ConfigFile> written;
        if (!file.empty()) {
            written.emplace(file);
            all["config"] = {written->path()};
        }
        auto resolved = Resolved::make(all, [this](const std::string& name) {
            const auto found = variables.find(name);
            return found == variables.end() ? std::nullopt : std::optional(found->second);
        });
        if (written && !resolved) {  // the path is random: tests speak of FILE
            auto error = resolved.error();
            for (auto at = error.message.find(written->path()); at != std::string::npos;
                 at = error.message.find(written->path())) {
                error.message.replace(at, written->path().size(), "FILE");
            }
            return error;
        }
        return resolved;
    }

    [[nodiscard]] Resolved good() const {
        auto resolved = resolve();
        EXPECT_TRUE(resolved.has_value()) << (resolved ? "" : resolved.error().message);
        return *std::move(resolved);
    }

    [[nodiscard]] std::string problem() const {
        const auto resolved = resolve();
        EXPECT_FALSE(resolved.has_value());
        if (!resolved) {
            EXPECT_EQ(resolved.error().code, Code::invalid_argument);
        }
        return resolved ? "" : resolved.error().message;
    }
};

}  // namespace gds::config
