#pragma once

#include "data_index.h"
#include "gds/base/cancel.h"
#include "gds/registry/client.h"
#include "gds/registry/graph.h"
#include "gds/registry/report.h"

#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace gds::registry {

struct WalkSettings {
    int concurrency = 8;
    std::vector<std::string> platforms;  ///< of an index's children; empty: all
    bool deep = false;                   ///< read every blob
    Millis confirm_after{2'000};
};

/// Asks a registry for everything below the tags of its repositories: each manifest once a
/// repository, each blob once a repository, each blob's bytes once. What is broken is asked again
/// after a pause, and counts only if it is still broken. Runs on one thread, on the client's
/// engine.
class Walker {
public:
    /// One repository is through. Its graph holds only what was seen broken twice.
    using OnRepository = std::function<void(const Graph&)>;
    using OnProgress = std::function<void(const Counts&)>;

    Walker(Client& client, WalkSettings settings, Cancel& cancel, OnRepository on_repository,
           OnProgress on_progress);
    ~Walker();
    Walker(const Walker&) = delete;
    Walker& operator=(const Walker&) = delete;

    /// All tags of these repositories, or, for one, these tags and digests.
    void add_repositories(const std::vector<std::string>& names);
    void add_images(const std::string& repository, const std::vector<std::string>& tags,
                    const std::vector<Digest>& digests);

    void run();
    /// After the run: what one repository misses and another one serves is only unlinked.
    void name_unlinked(std::vector<Finding>& findings) const;

    [[nodiscard]] const Counts& counts() const { return counts_; }
    /// What could not be asked; the first of them in words.
    [[nodiscard]] bool complete() const { return complete_; }
    [[nodiscard]] const std::vector<std::string>& problems() const { return problems_; }
    /// Credentials were refused for something.
    [[nodiscard]] bool refused() const { return refused_; }

private:
    using Clock = std::chrono::steady_clock;
    using Id = Graph::Id;
    using Key = DataIndex::Key;

    struct Object {
        bool asked = false;
        bool fetched = false;        ///< a manifest whose references are known
        int depth = 0;               ///< of a manifest, below the nearest root
        std::int64_t expected = -1;  ///< size by its first descriptor
    };
    /// One repository under way.
    struct Walk {
        explicit Walk(const std::string& name) : graph(name, 200) {}

        Graph graph;
        std::vector<Object> objects;  ///< by Graph::Id
        bool list_tags = true;
        std::vector<std::string> tags;
        std::size_t next_tag = 0;
        std::int64_t under_way = 0;  ///< questions that are queued or on the wire
        int look = 1;
        Clock::time_point due;             ///< of the next look
        std::set<std::string> tags_twice;  ///< asked again
        std::unordered_set<Id> objects_twice;
    };
    struct Task {
        Walk* walk = nullptr;
        Id object = 0;
        bool is_manifest = false;
        bool again = false;
    };

    // What is asked next.
    void feed();
    bool feed_one();
    bool start_repository();
    bool start_due_look();
    void queue(Task task);
    void pause() const;
    [[nodiscard]] bool idle() const;
    [[nodiscard]] bool stopping() const { return gone_ || cancel_.stopped(); }

    // Questions and their answers.
    void ask_tags(Walk& walk);
    void take_tags(Walk& walk, Result<std::vector<std::string>> answer);
    void ask_tag(Walk& walk, const std::string& tag);
    void take_tag(Walk& walk, const std::string& tag, Result<ManifestAnswer> answer);
    void take_root(Walk& walk, const std::string& tag, const ManifestAnswer& answer);
    void ask(const Task& task);
    void ask_manifest(const Task& task);
    void take_manifest(const Task& task, Result<ManifestAnswer> answer);
    void ask_blob(const Task& task);
    void take_blob(const Task& task, BlobCheck check, Result<BlobAnswer> answer);
    void settle_data(const Key& key, DataIndex::State state);

    // What follows from them.
    void take_content(Walk& walk, Id id, const ManifestAnswer& answer);
    void descend(Walk& walk, Id id, int depth);
    void want(Walk& walk, const Graph::Edge& edge, int depth);
    void refuse(Walk& walk, Id object, const Error& failure, std::string_view what);
    void answered(Walk& walk);
    void settle(Walk& walk);
    void look_again(Walk& walk, const std::vector<std::string>& listed);
    [[nodiscard]] static std::optional<Id> subject(Walk& walk, const Finding& finding);
    [[nodiscard]] static bool seen_twice(Walk& walk, const Finding& finding);
    void refine(Walk& walk);
    void finish(Walk& walk);
    void drop_unconfirmed(Walk& walk);
    static Object& object(Walk& walk, Id id);
    void choose_platforms(Manifest& content) const;
    void problem(const std::string& text);
    /// Notes what an error says about the connection; true where it says something about the
    /// object.
    bool is_verdict(const Error& failure, const std::string& what);

    Client& client_;
    WalkSettings settings_;
    Cancel& cancel_;
    OnRepository on_repository_;
    OnProgress on_progress_;

    std::deque<std::unique_ptr<Walk>> waiting_;               ///< not begun
    std::unordered_map<Walk*, std::unique_ptr<Walk>> walks_;  ///< begun
    std::deque<Walk*> with_tags_;                             ///< tags left to ask
    std::deque<Walk*> resting_;                               ///< until their next look, by time
    std::deque<Task> tasks_;
    DataIndex data_;
    std::unordered_map<Key, std::vector<Task>, DataIndex::HashKey> waiters_;

    Counts counts_;
    bool complete_ = true;
    bool refused_ = false;
    bool gone_ = false;  ///< the registry stopped answering
    int failures_in_a_row_ = 0;
    std::int64_t problem_count_ = 0;
    std::vector<std::string> problems_;
};

}  // namespace gds::registry
