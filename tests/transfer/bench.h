#pragma once

#include "gds/transfer/downloads.h"
#include "transfer/raw_server.h"
#include "volume/temp_volume.h"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

namespace gds::transfer::testing {

inline http::Options quick_retries(int retries) {
    http::Options options;
    options.retries = retries;
    options.first_backoff = Millis(1);
    options.jitter_seed = 1;
    return options;
}

/// A destination, a server and everything between: what a run has when it downloads.
class Bench {
public:
    explicit Bench(RawServer::Handler handler, int retries = 3)
        : server(std::move(handler)), engine(quick_retries(retries), cancel) {}

    /// A job for `path` whose bytes will be `body`, with its checksum.
    Job job(const std::string& path, const std::string& body) {
        Job job;
        job.token = next_token_++;
        job.path = path;
        job.size = static_cast<std::int64_t>(body.size());
        job.digest = crypto::digest(job.algorithm, body);
        job.mtime_ms = 1'600'000'000'123;
        const auto url = server.url("/" + path);
        job.request = [url](std::int64_t offset) {
            http::Request request;
            request.url = url;
            if (offset > 0) {
                request.headers.add("Range", "bytes=" + std::to_string(offset) + "-");
            }
            return request;
        };
        return job;
    }

    /// As job(), replacing what lies at the path now.
    Job update(const std::string& path, const std::string& body) {
        auto result = job(path, body);
        const auto there = temp->stat(path);
        volume::TrashEntry entry;
        entry.path = path;
        entry.why = "replaced";
        entry.size = (*there)->size;
        entry.mtime_ns = (*there)->mtime_ns;
        result.replaces = entry;
        return result;
    }

    /// Runs all jobs; outcomes by path.
    Status run(std::vector<Job> jobs, int transfers = 4) {
        options.transfers = transfers;
        Downloads downloads(engine, *temp, trash, options, cancel);
        std::size_t next = 0;
        return downloads.run(
            [&]() -> std::optional<Job> {
                return next < jobs.size() ? std::optional(std::move(jobs[next++])) : std::nullopt;
            },
            [&](std::vector<Outcome> group) {
                ++commits;
                for (auto& outcome : group) {
                    outcomes.insert_or_assign(outcome.path, std::move(outcome));
                }
                return Status();
            },
            [&](const Progress& figures) { progress = figures; });
    }

    /// The code of a path's failure; nullopt where it was published or has no outcome.
    std::optional<Code> failure(const std::string& path) const {
        const auto found = outcomes.find(path);
        if (found == outcomes.end() || found->second.result) {
            return std::nullopt;
        }
        return found->second.result.error().code;
    }
    /// What a failure says; "" where there is none.
    std::string message(const std::string& path) const {
        return failure(path) ? outcomes.at(path).result.error().message : "";
    }
    bool published(const std::string& path) const {
        const auto found = outcomes.find(path);
        return found != outcomes.end() && found->second.result.has_value();
    }
    std::vector<std::string> staged() const { return temp.names(".gdrive-sync/staging"); }

    volume::testing::TempVolume temp;
    Cancel cancel;
    RawServer server;
    http::Engine engine;
    volume::Trash trash{*temp, "run", true};
    Options options;
    std::map<std::string, Outcome> outcomes;
    Progress progress;
    int commits = 0;

private:
    std::int64_t next_token_ = 1;
};

/// Bytes that differ everywhere, so that no two offsets look alike.
inline std::string sample(std::size_t size, unsigned seed = 1) {
    std::string bytes(size, '\0');
    for (auto& byte : bytes) {
        seed = seed * 1'664'525U + 1'013'904'223U;
        byte = static_cast<char>(seed >> 24U);
    }
    return bytes;
}

}  // namespace gds::transfer::testing
