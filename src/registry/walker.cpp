#include "walker.h"

#include "gds/base/log.h"
#include "gds/base/text.h"

#include <fmt/core.h>
#include <poll.h>

#include <algorithm>

namespace gds::registry {

namespace {

constexpr int kMostLooks = 4;
constexpr std::size_t kMostProblems = 20;

}  // namespace

Walker::Walker(Client& client, WalkSettings settings, Cancel& cancel, OnRepository on_repository,
               OnProgress on_progress)
    : client_(client),
      settings_(std::move(settings)),
      cancel_(cancel),
      on_repository_(std::move(on_repository)),
      on_progress_(std::move(on_progress)) {}

Walker::~Walker() = default;

void Walker::add_repositories(const std::vector<std::string>& names) {
    for (const std::string& name : names) {
        waiting_.push_back(std::make_unique<Walk>(name));
    }
}

void Walker::add_images(const std::string& repository, const std::vector<std::string>& tags,
                        const std::vector<Digest>& digests) {
    auto walk = std::make_unique<Walk>(repository);
    walk->list_tags = false;
    walk->tags = tags;
    for (const Digest& digest : digests) {
        walk->graph.add_untagged_root(walk->graph.manifest(digest));
    }
    waiting_.push_back(std::move(walk));
}

void Walker::run() {
    while (!idle()) {
        feed();
        const bool busy = client_.engine().pump();
        on_progress_(counts_);
        if (stopping()) {
            break;
        }
        if (!busy) {
            pause();
        }
    }
    if (gone_) {
        problem("the registry stopped answering");
    }
    // What is on the wire ends first: its callbacks belong to walks that are about to go.
    while (client_.engine().pump()) {
    }
    if (!walks_.empty() || !waiting_.empty()) {
        problem("stopped before everything was asked");
    }
    tasks_.clear();
    while (!walks_.empty()) {
        finish(*walks_.begin()->first);
    }
}

bool Walker::idle() const {
    return waiting_.empty() && walks_.empty();
}

void Walker::pause() const {
    if (!tasks_.empty() || !with_tags_.empty() || !waiting_.empty() || resting_.empty()) {
        return;
    }
    const auto left = std::chrono::ceil<Millis>(resting_.front()->due - Clock::now());
    pollfd stop{cancel_.wake_fd(), POLLIN, 0};
    ::poll(&stop, 1,
           static_cast<int>(std::clamp(left, Millis(0), http::Engine::kLongestWait).count()));
}

void Walker::feed() {
    // Twice as many as go at once: a connection that is free finds its next request waiting.
    const auto window = static_cast<std::size_t>(settings_.concurrency) * 2;
    while (!stopping() && client_.engine().pending() < window && feed_one()) {
    }
}

/// Nearly finished work first, so that few repositories are under way at once.
bool Walker::feed_one() {
    if (!tasks_.empty()) {
        const Task task = tasks_.front();
        tasks_.pop_front();
        ask(task);
        return true;
    }
    if (!with_tags_.empty()) {
        Walk& walk = *with_tags_.front();
        const std::string tag = walk.tags[walk.next_tag++];
        if (walk.next_tag == walk.tags.size()) {
            with_tags_.pop_front();
        }
        ask_tag(walk, tag);
        return true;
    }
    return start_due_look() || start_repository();
}

bool Walker::start_repository() {
    if (waiting_.empty()) {
        return false;
    }
    std::unique_ptr<Walk> owned = std::move(waiting_.front());
    waiting_.pop_front();
    Walk& walk = *owned;
    walks_.emplace(&walk, std::move(owned));
    ++counts_.repositories;
    if (walk.list_tags) {
        ask_tags(walk);
        return true;
    }
    counts_.tags += static_cast<std::int64_t>(walk.tags.size());
    ++walk.under_way;
    if (!walk.tags.empty()) {
        with_tags_.push_back(&walk);
    }
    for (const Id root : walk.graph.untagged_roots()) {
        want(walk, {root, Kind::manifest, 0, -1}, 0);
    }
    answered(walk);
    return true;
}

bool Walker::start_due_look() {
    if (resting_.empty() || resting_.front()->due > Clock::now()) {
        return false;
    }
    Walk& walk = *resting_.front();
    resting_.pop_front();
    ++walk.look;
    if (walk.list_tags) {
        ask_tags(walk);
    } else {
        ++walk.under_way;
        take_tags(walk, walk.tags);
    }
    return true;
}

void Walker::queue(Task task) {
    ++task.walk->under_way;
    tasks_.push_back(task);
}

void Walker::ask(const Task& task) {
    if (task.is_manifest) {
        ask_manifest(task);
    } else {
        ask_blob(task);
    }
}

Walker::Object& Walker::object(Walk& walk, Id id) {
    if (walk.objects.size() <= id) {
        walk.objects.resize(std::max<std::size_t>(walk.graph.object_count(), id + 1));
    }
    return walk.objects[id];
}

void Walker::problem(const std::string& text) {
    complete_ = false;
    if (++problem_count_ <= static_cast<std::int64_t>(kMostProblems)) {
        log::warn("could not be asked", {{"what", text}});
        problems_.push_back(text);
    }
}

void Walker::answered(Walk& walk) {
    if (--walk.under_way == 0 && walk.next_tag == walk.tags.size() && !stopping()) {
        settle(walk);
    }
}

void Walker::settle(Walk& walk) {
    refine(walk);
    const auto broken = walk.graph.findings().broken;
    const bool all_twice = std::all_of(broken.begin(), broken.end(), [&](const Finding& finding) {
        return seen_twice(walk, finding);
    });
    if (all_twice || walk.look == kMostLooks) {
        finish(walk);
        return;
    }
    walk.due = Clock::now() + settings_.confirm_after;
    resting_.push_back(&walk);
}

/// A blob's bytes are the same for all repositories: what one of them learned is true for all.
void Walker::refine(Walk& walk) {
    for (Id id = 0; id < walk.objects.size(); ++id) {
        const Object& object = walk.objects[id];
        if (!object.asked || object.fetched || walk.graph.verdict_of(id) != nullptr) {
            continue;
        }
        const auto state = data_.state(DataIndex::key_of(walk.graph.digest_of(id)));
        if (state == DataIndex::State::lost) {
            walk.graph.condemn(id, {Defect::cache,
                                    206,
                                    "the registry's cache answers, but the bytes are gone",
                                    Remedy::restart,
                                    {},
                                    {}});
        } else if (state == DataIndex::State::corrupt) {
            walk.graph.condemn(id, {Defect::digest,
                                    200,
                                    "its bytes are not what its digest says",
                                    Remedy::rebuild,
                                    {},
                                    {}});
        }
    }
}

void Walker::name_unlinked(std::vector<Finding>& findings) const {
    for (Finding& finding : findings) {
        const bool is_blob = finding.kind == Kind::config || finding.kind == Kind::layer;
        if (is_blob && finding.defect == Defect::missing &&
            data_.state(DataIndex::key_of(finding.digest)) == DataIndex::State::sound) {
            finding.defect = Defect::unlinked;
            finding.remedy = Remedy::mount;
            finding.detail += "; another repository serves it";
        }
    }
}

/// The object that a finding is about; nullopt where it was never asked for.
std::optional<Walker::Id> Walker::subject(Walk& walk, const Finding& finding) {
    if (finding.digest.empty()) {
        return std::nullopt;
    }
    const bool is_blob = finding.kind == Kind::config || finding.kind == Kind::layer;
    const Id id = is_blob ? walk.graph.blob(finding.digest) : walk.graph.manifest(finding.digest);
    return object(walk, id).asked ? std::optional(id) : std::nullopt;
}

bool Walker::seen_twice(Walk& walk, const Finding& finding) {
    if (finding.kind == Kind::repository) {
        return walk.look > 1;
    }
    if (finding.kind == Kind::tag) {
        return walk.tags_twice.count(finding.tag) > 0;
    }
    const auto id = subject(walk, finding);
    return !id || walk.objects_twice.count(*id) > 0;
}

void Walker::drop_unconfirmed(Walk& walk) {
    std::int64_t dropped = 0;
    for (const Finding& finding : walk.graph.findings().broken) {
        if (seen_twice(walk, finding)) {
            continue;
        }
        ++dropped;
        if (const auto id = subject(walk, finding)) {
            walk.graph.pardon(*id);
            walk.graph.set_size(*id, -1);
        } else if (finding.kind == Kind::repository) {
            walk.graph.pardon_repository();
        } else {
            walk.graph.pardon_tag(finding.tag);
        }
    }
    if (dropped > 0) {
        problem(fmt::format("{}: {} seen broken once only", walk.graph.repository(),
                            plural(dropped, "reference")));
    }
}

void Walker::finish(Walk& walk) {
    drop_unconfirmed(walk);
    on_repository_(walk.graph);
    walks_.erase(&walk);
}

}  // namespace gds::registry
