// Questions to a registry and what their answers mean.
#include "gds/base/log.h"
#include "gds/base/text.h"
#include "walker.h"

#include <fmt/core.h>

#include <algorithm>

namespace gds::registry {

namespace {

constexpr std::size_t kMostObjects = 2'000'000;  // of one repository
constexpr int kLeastFailuresInARow = 32;

/// What was answered, without which question it was and without the status: findings have both.
std::string told(const Error& failure) {
    std::string_view text = failure.message;
    const auto colon = text.find(": ");
    if (text.find("://") < colon && colon != std::string_view::npos) {
        text.remove_prefix(colon + 2);
    }
    const std::string status = std::to_string(failure.http_status) + " ";
    return std::string(text.substr(text.starts_with(status) ? status.size() : 0));
}

/// What a refused question says of the object; nullopt where it says nothing of it.
std::optional<Verdict> verdict_of(const Error& failure) {
    const int status = failure.http_status;
    if (failure.code == Code::not_found) {
        return Verdict{Defect::missing, status, told(failure), Remedy::rebuild, {}, {}};
    }
    const bool nonsense = failure.code == Code::bad_response || failure.code == Code::mismatch;
    if (nonsense || status == 500 || status == 400) {
        return Verdict{Defect::unreadable, status, told(failure), Remedy::rebuild, {}, {}};
    }
    return std::nullopt;
}

/// NFS keeps a removed file under such a name while somebody holds it open.
bool is_leftover(const std::string& tag) {
    return tag.starts_with(".nfs");
}

}  // namespace

bool Walker::is_verdict(const Error& failure, const std::string& what) {
    if (failure.code == Code::cancelled) {
        return false;
    }
    const bool silent = failure.http_status == 0 &&
                        (failure.code == Code::unavailable || failure.code == Code::timeout);
    failures_in_a_row_ = silent ? failures_in_a_row_ + 1 : 0;
    if (failures_in_a_row_ >= std::max(kLeastFailuresInARow, 4 * settings_.concurrency)) {
        gone_ = true;
    }
    if (verdict_of(failure)) {
        return true;
    }
    refused_ = refused_ || failure.code == Code::unauthenticated;
    problem(fmt::format("{}: {}", what, failure.message));
    return false;
}

void Walker::refuse(Walk& walk, Id id, const Error& failure, std::string_view what) {
    const std::string name = fmt::format("{} {} {}", walk.graph.repository(), what,
                                         walk.graph.digest_of(id).shortened());
    if (is_verdict(failure, name)) {
        walk.graph.condemn(id, *verdict_of(failure));
    } else {
        // Not known to be broken any more, and the run says that it is not complete.
        walk.graph.pardon(id);
        walk.graph.mark_served(id, false);
    }
}

void Walker::ask_tags(Walk& walk) {
    ++walk.under_way;
    client_.list_tags(walk.graph.repository(),
                      [this, &walk](Result<std::vector<std::string>> answer) {
                          take_tags(walk, std::move(answer));
                      });
}

void Walker::take_tags(Walk& walk, Result<std::vector<std::string>> answer) {
    if (!answer) {
        const Error& failure = answer.error();
        if (is_verdict(failure, walk.graph.repository())) {
            walk.graph.condemn_repository(*verdict_of(failure));
        }
        answered(walk);
        return;
    }
    failures_in_a_row_ = 0;
    walk.graph.pardon_repository();
    answer->erase(std::remove_if(answer->begin(), answer->end(), is_leftover), answer->end());
    if (walk.list_tags && walk.tags.empty()) {
        walk.tags = *std::move(answer);
        counts_.tags += static_cast<std::int64_t>(walk.tags.size());
        if (!walk.tags.empty()) {
            with_tags_.push_back(&walk);
        }
    } else {
        look_again(walk, *answer);
    }
    answered(walk);
}

/// Everything broken once more, and each tag it was reached from: it may have moved.
void Walker::look_again(Walk& walk, const std::vector<std::string>& listed) {
    std::set<std::string> tags;
    for (const Finding& finding : walk.graph.findings().broken) {
        if (!finding.tag.empty()) {
            tags.insert(finding.tag);
        }
        if (const auto id = subject(walk, finding); id && walk.objects_twice.insert(*id).second) {
            queue(
                {&walk, *id, finding.kind == Kind::manifest || finding.kind == Kind::child, true});
        }
    }
    for (const std::string& tag : tags) {
        if (!std::binary_search(listed.begin(), listed.end(), tag)) {
            walk.graph.pardon_tag(tag);  // deleted meanwhile
        } else if (walk.tags_twice.insert(tag).second) {
            ask_tag(walk, tag);
        }
    }
}

void Walker::ask_tag(Walk& walk, const std::string& tag) {
    ++walk.under_way;
    client_.get_manifest(walk.graph.repository(), tag,
                         [this, &walk, tag](Result<ManifestAnswer> answer) {
                             take_tag(walk, tag, std::move(answer));
                         });
}

void Walker::take_tag(Walk& walk, const std::string& tag, Result<ManifestAnswer> answer) {
    if (answer) {
        failures_in_a_row_ = 0;
        take_root(walk, tag, *answer);
    } else if (is_verdict(answer.error(),
                          fmt::format("{}:{}", walk.graph.repository(), printable(tag)))) {
        Verdict verdict = *verdict_of(answer.error());
        verdict.remedy = Remedy::retag;
        walk.graph.break_tag(tag, std::move(verdict));
    } else {
        walk.graph.pardon_tag(tag);
    }
    answered(walk);
}

/// The digest that a tag leads to is the one that the registry claims: a client asks for that one
/// next.
void Walker::take_root(Walk& walk, const std::string& tag, const ManifestAnswer& answer) {
    const auto claimed = Digest::parse(answer.claimed_digest);
    const auto content = parse_manifest(answer.body, answer.content_type);
    if (!claimed && (!content || !answer.claimed_digest.empty())) {
        walk.graph.break_tag(
            tag, {Defect::unreadable,
                  200,
                  content ? fmt::format("Docker-Content-Digest: {}", claimed.error().message)
                          : content.error().message,
                  Remedy::retag,
                  {},
                  {}});
        return;
    }
    const Id root = walk.graph.manifest(claimed ? *claimed : Digest::of(answer.body));
    walk.graph.set_tag(tag, root);
    const bool is_schema1 = content && content->kind == ManifestKind::schema1;
    if (!is_schema1 && !walk.graph.digest_of(root).matches(answer.body)) {
        // Not what was promised: what the registry has by that digest decides.
        want(walk, {root, Kind::manifest, 0, -1}, 0);
        return;
    }
    Object& known = object(walk, root);
    counts_.manifests += known.asked ? 0 : 1;
    known.asked = true;
    if (!known.fetched) {
        take_content(walk, root, answer);
    }
    descend(walk, root, 0);
}

void Walker::ask_manifest(const Task& task) {
    client_.get_manifest(
        task.walk->graph.repository(), task.walk->graph.digest_of(task.object).text(),
        [this, task](Result<ManifestAnswer> answer) { take_manifest(task, std::move(answer)); });
}

void Walker::take_manifest(const Task& task, Result<ManifestAnswer> answer) {
    Walk& walk = *task.walk;
    if (answer) {
        failures_in_a_row_ = 0;
        take_content(walk, task.object, *answer);
        descend(walk, task.object, object(walk, task.object).depth);
    } else {
        refuse(walk, task.object, answer.error(), "manifest");
    }
    answered(walk);
}

/// A manifest came: is it what its digest says, and what does it refer to?
void Walker::take_content(Walk& walk, Id id, const ManifestAnswer& answer) {
    walk.graph.pardon(id);
    const auto condemn = [&](Defect defect, std::string detail) {
        walk.graph.condemn(id, {defect, 200, std::move(detail), Remedy::rebuild, {}, {}});
    };
    auto content = parse_manifest(answer.body, answer.content_type);
    const bool is_schema1 = content && content->kind == ManifestKind::schema1;
    // The digest of schema 1 leaves out the signatures that its text carries.
    if (!is_schema1 && !walk.graph.digest_of(id).matches(answer.body)) {
        condemn(Defect::digest,
                fmt::format("the answer has the digest {}", Digest::of(answer.body).shortened()));
        return;
    }
    if (!content) {
        condemn(Defect::unreadable, content.error().message);
        return;
    }
    walk.graph.set_size(id, static_cast<std::int64_t>(answer.body.size()));
    walk.graph.mark_served(id, true);
    if (is_schema1 && !object(walk, id).fetched) {
        walk.graph.warn(id, {Defect::schema1,
                             200,
                             "an image of schema 1: push it again in a form "
                             "that clients still take",
                             Remedy::rebuild,
                             {},
                             {}});
    }
    if (!object(walk, id).fetched) {
        choose_platforms(*content);
        counts_.elsewhere += std::count_if(content->layers.begin(), content->layers.end(),
                                           [](const Descriptor& layer) { return layer.elsewhere; });
        walk.graph.set_references(id, *content);
        object(walk, id).fetched = true;
    }
}

void Walker::choose_platforms(Manifest& content) const {
    if (settings_.platforms.empty()) {
        return;
    }
    const auto unwanted = [&](const Descriptor& child) {
        return child.attestation ||
               (!child.platform.empty() &&
                std::none_of(settings_.platforms.begin(), settings_.platforms.end(),
                             [&](const std::string& each) { return is_platform(child, each); }));
    };
    auto& children = content.children;
    children.erase(std::remove_if(children.begin(), children.end(), unwanted), children.end());
}

void Walker::descend(Walk& walk, Id id, int depth) {
    object(walk, id).depth = std::min(object(walk, id).depth, depth);
    if (walk.graph.verdict_of(id) != nullptr) {
        return;
    }
    if (walk.graph.object_count() > kMostObjects) {
        problem(fmt::format("{}: more than {} manifests and blobs", walk.graph.repository(),
                            kMostObjects));
        return;
    }
    // By index: asking for more may move the graph's objects.
    const std::size_t count = walk.graph.references(id).size();
    for (std::size_t i = 0; i < count; ++i) {
        want(walk, walk.graph.references(id)[i], depth + 1);
    }
}

void Walker::want(Walk& walk, const Graph::Edge& edge, int depth) {
    const bool is_manifest = edge.kind == Kind::child || edge.kind == Kind::manifest;
    if (is_manifest && depth > kDeepestIndex) {
        return;
    }
    Object& known = object(walk, edge.to);
    if (!known.asked) {
        known.asked = true;
        known.depth = depth;
        known.expected = edge.size;
        ++(is_manifest ? counts_.manifests : counts_.blobs);
        queue({&walk, edge.to, is_manifest, false});
    } else if (is_manifest && depth < known.depth) {
        // Reached on a shorter way: what was too deep below it may not be any more.
        descend(walk, edge.to, depth);
    }
}

void Walker::ask_blob(const Task& task) {
    Walk& walk = *task.walk;
    const Digest digest = walk.graph.digest_of(task.object);
    const std::int64_t expected = object(walk, task.object).expected;
    const Key key = DataIndex::key_of(digest);
    const auto state = data_.state(key);
    BlobCheck check = settings_.deep ? BlobCheck::full : BlobCheck::data;
    if (expected == 0 && !settings_.deep) {
        check = BlobCheck::link;  // it has no last byte to ask for
    } else if (!task.again) {
        if (state == DataIndex::State::in_flight) {
            waiters_[key].push_back(task);
            return;
        }
        if (state == DataIndex::State::unknown) {
            data_.set(key, DataIndex::State::in_flight);
        } else {
            check = BlobCheck::link;
        }
    }
    client_.check_blob(walk.graph.repository(), digest, expected, check,
                       [this, task, check](Result<BlobAnswer> answer) {
                           take_blob(task, check, std::move(answer));
                       });
}

void Walker::take_blob(const Task& task, BlobCheck check, Result<BlobAnswer> answer) {
    Walk& walk = *task.walk;
    const Key key = DataIndex::key_of(walk.graph.digest_of(task.object));
    auto state = DataIndex::State::unknown;
    if (!answer) {
        refuse(walk, task.object, answer.error(), "blob");
    } else {
        failures_in_a_row_ = 0;
        walk.graph.pardon(task.object);
        state = answer->short_body     ? DataIndex::State::lost
                : answer->wrong_digest ? DataIndex::State::corrupt
                                       : DataIndex::State::sound;
        if (answer->short_body) {
            walk.graph.condemn(task.object, {Defect::cache,
                                             answer->status,
                                             "the registry's cache answers, but the bytes are gone",
                                             Remedy::restart,
                                             {},
                                             {}});
        } else {
            walk.graph.set_size(task.object, answer->size);
            walk.graph.mark_served(task.object, true);
        }
    }
    if (check != BlobCheck::link) {
        settle_data(key, state);
    }
    answered(walk);
}

void Walker::settle_data(const Key& key, DataIndex::State state) {
    // A repository that does not have it says nothing of what another one serves.
    if (state != DataIndex::State::unknown || data_.state(key) == DataIndex::State::in_flight) {
        data_.set(key, state);
    }
    auto waiting = waiters_.extract(key);
    if (!waiting.empty()) {
        tasks_.insert(tasks_.begin(), waiting.mapped().begin(), waiting.mapped().end());
    }
}

}  // namespace gds::registry
