// The scan in this process, with its threads: what the thread sanitizer has to see.
#include "gds/registry/commands.h"
#include "gds/registry/report.h"
#include "storage.h"
#include "support.h"
#include "workers.h"

#include <fmt/core.h>
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <numeric>

namespace gds::registry {
namespace {

using test::digest_of;
using test::TempDir;

TEST(Workers, DoEachPieceOnceWhoeverWaitsForWhom) {
    Workers workers(8);
    std::vector<std::atomic<int>> done(64 * 64);
    workers.for_each(64, [&](std::size_t outer) {
        workers.for_each(64, [&](std::size_t inner) { ++done[outer * 64 + inner]; });
    });
    for (const auto& count : done) {
        EXPECT_EQ(1, count.load());
    }
}

TEST(Workers, MayBeOne) {
    Workers workers(1);
    int sum = 0;  // no other thread
    workers.for_each(100, [&](std::size_t i) { sum += static_cast<int>(i); });
    EXPECT_EQ(4950, sum);
    workers.for_each(0, [&](std::size_t /*i*/) { FAIL(); });
}

/// A registry's tree, written by hand.
class Tree {
public:
    std::string root() const { return dir_.path(); }

    Digest blob(const std::string& content) const {
        const Digest digest = Digest::of(content);
        dir_.write(place(Storage::blob_path(digest)), content);
        return digest;
    }
    void link(const std::string& path, const Digest& digest) const {
        dir_.write(place(path), digest.text());
    }
    void write(const std::string& path, const std::string& content) const {
        dir_.write(place(path), content);
    }
    std::filesystem::path path(const std::string& below) const { return dir_.path(place(below)); }

    /// An index of two images under a tag; of each a layer of its own and one that all share.
    Digest push(const std::string& repository, const std::string& tag) const {
        std::vector<test::Child> children;
        for (const std::string platform : {"a", "b"}) {
            const std::string own = fmt::format("{}/{}/{}", repository, tag, platform);
            const std::vector<std::string> blobs = {own + "/config", own, "shared by all"};
            std::string list;
            for (const std::string& content : blobs) {
                const Digest digest = blob(content);
                link(Storage::layer_path(repository, digest), digest);
                list += (list.empty() ? "" : ",") +
                        test::descriptor(digest, static_cast<std::int64_t>(content.size()));
            }
            const auto comma = list.find("},{") + 1;
            const std::string text =
                fmt::format(R"({{"schemaVersion":2,"config":{},"layers":[{}]}})",
                            list.substr(0, comma), list.substr(comma + 1));
            children.push_back(
                {manifest(repository, text), static_cast<std::int64_t>(text.size())});
        }
        const Digest index = manifest(repository, test::index_text(children));
        link(fmt::format("{}/{}/current/link", Storage::tags_path(repository), tag), index);
        return index;
    }

private:
    static std::string place(const std::string& path) { return "docker/registry/v2/" + path; }

    Digest manifest(const std::string& repository, const std::string& text) const {
        const Digest digest = blob(text);
        link(Storage::revision_path(repository, digest), digest);
        return digest;
    }

    TempDir dir_;
};

struct Outcome {
    ExitCode code;
    Report report;
};

Outcome scan_of(const Tree& tree, ScanSettings settings = {}) {
    const TempDir out;
    settings.directory = tree.root();
    settings.confirm_after = Millis(0);
    settings.output.report_file = out.path("report.json");
    settings.output.progress = report::ProgressMode::off;
    Cancel cancel;
    const ExitCode code =
        scan(settings, cancel, [](std::string_view /*text*/) { return Status(); });
    auto report = read_report_file(settings.output.report_file);
    EXPECT_TRUE(report.has_value());
    return {code, report ? *std::move(report) : Report()};
}

TEST(Scan, ReadsManyRepositoriesAtOnce) {
    const Tree tree;
    std::vector<Digest> broken;
    for (int n = 0; n < 30; ++n) {
        const std::string repository = fmt::format("team{}/app", n % 7) + std::to_string(n);
        for (const char* tag : {"1", "2", "3"}) {
            const Digest index = tree.push(repository, tag);
            if (n % 10 == 0) {
                std::filesystem::remove(tree.path(Storage::revision_path(repository, index)));
            }
        }
    }
    for (const bool deep : {false, true}) {
        ScanSettings settings;
        settings.deep = deep;
        const Outcome outcome = scan_of(tree, settings);
        EXPECT_EQ(ExitCode::broken, outcome.code);
        EXPECT_EQ(30, outcome.report.counts.repositories);
        EXPECT_EQ(90, outcome.report.counts.tags);
        EXPECT_EQ(9, outcome.report.counts.tags_broken);
        EXPECT_EQ(9U, outcome.report.broken.size());
        EXPECT_TRUE(outcome.report.complete);
    }
}

TEST(Scan, FindsTheSameWithAnyNumberOfThreads) {
    const Tree tree;
    for (int n = 0; n < 10; ++n) {
        const std::string repository = "app" + std::to_string(n);
        tree.push(repository, "t");
        std::filesystem::remove_all(tree.path(Storage::repository_path(repository) + "/_layers"));
    }
    std::vector<std::string> first;
    for (const int threads : {1, 2, 16}) {
        ScanSettings settings;
        settings.concurrency = threads;
        std::vector<std::string> lines;
        for (const Finding& finding : scan_of(tree, settings).report.broken) {
            lines.push_back(describe(finding));
        }
        EXPECT_EQ(70U, lines.size());
        first = first.empty() ? lines : first;
        EXPECT_EQ(first, lines);
    }
}

TEST(Scan, OfAnEmptyOrMissingTreeIsNoHealth) {
    const Tree tree;
    EXPECT_EQ(ExitCode::source, scan_of(tree).code);
    std::filesystem::create_directories(tree.path("repositories"));
    EXPECT_EQ(ExitCode::source, scan_of(tree).code);
    ScanSettings settings;
    settings.allow_empty = true;
    EXPECT_EQ(ExitCode::ok, scan_of(tree, settings).code);
}

TEST(Storage, ReadsLinksAsTheRegistryDoes) {
    const Tree tree;
    tree.push("app", "t");
    const auto storage = Storage::open(tree.root());
    ASSERT_TRUE(storage.has_value());
    const std::string digest = digest_of("x").text();
    for (const auto& [content, valid] :
         std::vector<std::pair<std::string, bool>>{{digest, true},
                                                   {"", false},
                                                   {digest + "\n", false},
                                                   {" " + digest, false},
                                                   {digest.substr(0, 70), false},
                                                   {digest + "0", false},
                                                   {"sha256:" + std::string(64, 'A'), false},
                                                   {"md5:" + std::string(32, 'a'), false},
                                                   {"sha512:" + std::string(128, 'a'), true},
                                                   {std::string(1 << 20, 'a'), false},
                                                   {std::string("sha256:\0", 8), false}}) {
        tree.write("repositories/app/link", content);
        const auto link = storage->link("repositories/app/link");
        ASSERT_TRUE(link.has_value());
        EXPECT_EQ(valid, link->valid()) << content.substr(0, 100);
        EXPECT_EQ(!valid, link->damaged());
    }
    EXPECT_TRUE(storage->link("repositories/app/none")->absent());
    EXPECT_TRUE(storage->link("repositories/app/link/below")->damaged());
    EXPECT_EQ(-1, storage->link("repositories/app")->bytes);
}

}  // namespace
}  // namespace gds::registry
