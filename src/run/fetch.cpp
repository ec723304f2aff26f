#include "fetch.h"

#include "content.h"
#include "gds/base/log.h"
#include "gds/base/text.h"
#include "gds/volume/cursor.h"
#include "planning.h"
#include "projection.h"
#include "scan.h"

#include <fmt/core.h>

#include <algorithm>
#include <iterator>

namespace gds::run {

using model::ActionKind;
using model::ActionOutcome;
using state::Query;

namespace {

/// Actions looked up at once: few enough to hold in memory, many enough to share a transaction.
constexpr std::int64_t kLookAhead = 64;
/// Actions whose end is written down together, since nobody asks before all have ended.
constexpr std::size_t kMarkedAtOnce = 1000;

}  // namespace

std::string resume_key(const std::string& id, std::string_view digest) {
    return fmt::format("{:016x}{}", std::hash<std::string>()(id), to_hex(digest.substr(0, 8)));
}

Fetch::Fetch(state::Store& store, const volume::Volume& volume, http::Engine& engine,
             drive::Api& api, volume::Trash& trash, Removal& removal, FetchOptions options,
             Cancel& cancel)
    : store_(store),
      volume_(volume),
      engine_(engine),
      api_(api),
      trash_(trash),
      removal_(removal),
      options_(std::move(options)),
      cancel_(cancel),
      commits_(store) {}

/// Folders that were to be made anew and could not be, with all below them.
Status Fetch::find_unmade() {
    Query query(store_.db(),
                "WITH RECURSIVE below(n) AS (SELECT entry FROM action WHERE kind = ?"
                " AND outcome <> ? AND entry <> 0 UNION SELECT e.n FROM entry e"
                " JOIN below b ON e.parent = b.n WHERE e.folder = 1) SELECT n FROM below",
                static_cast<std::int64_t>(ActionKind::mkdir),
                static_cast<std::int64_t>(ActionOutcome::done));
    for (;;) {
        const bool row = GDS_TRY(query.next());
        if (!row) {
            return {};
        }
        unmade_.insert(query.integer(0));
    }
}

Result<FetchResult> Fetch::run() {
    GDS_CHECK(find_unmade());
    GDS_CHECK(touch_times());
    GDS_CHECK(commits_.begin());
    const Status fetched = fetch_all();
    // However it ended: what was published is recorded.
    const Status marked = mark_done();
    const Status recorded = commits_.end();
    GDS_CHECK(fetched);
    GDS_CHECK(marked);
    GDS_CHECK(recorded);
    return result_;
}

Status Fetch::fetch_all() {
    transfer::Downloads downloads(engine_, volume_, trash_, options_.transfers, cancel_);
    for (;;) {
        GDS_CHECK(fetch_round(downloads));
        if (next_round_.empty() || cancel_.stopped()) {
            return {};
        }
        GDS_CHECK(commits_.flush());  // it may be long until Drive has answered
        GDS_CHECK(prepare_again());
    }
}

Status Fetch::fetch_round(transfer::Downloads& downloads) {
    Status problem;
    const auto next = [&]() -> std::optional<transfer::Job> {
        if (!problem) {
            return std::nullopt;
        }
        auto job = next_job();
        if (!job) {
            problem = job.error();
            return std::nullopt;
        }
        return std::move(*job);
    };
    const auto committed = [&](const std::vector<transfer::Outcome>& outcomes) {
        return commit(outcomes);
    };
    const auto progress = [&](const transfer::Progress& done) {
        if (options_.progress) {
            options_.progress(done);
        }
        if (Status kept = commits_.recorded(0); !kept && problem) {
            problem = std::move(kept);
        }
    };
    GDS_CHECK(downloads.run(next, committed, progress));
    return problem;
}

Status Fetch::touch_times() {
    std::int64_t last = 0;
    while (!cancel_.stopped()) {
        auto works = GDS_TRY(next_works(last, true));
        if (works.empty()) {
            return {};
        }
        last = works.back().seq;
        std::vector<Work> ready;
        GDS_CHECK(look_up(works));
        for (Work& work : works) {
            const bool waits = GDS_TRY(blocked(work));
            if (!waits) {
                ready.push_back(std::move(work));
            }
        }
        GDS_CHECK(touch(ready));
    }
    return {};
}

/// It is what was recorded, or what the scan hashed: of other bytes nobody could tell later on,
/// once they have the right time.
Result<bool> Fetch::is_as_seen(const Work& work) {
    Query query(store_.db(),
                "SELECT coalesce(d.size, e.size), coalesce(d.mtime_ns, e.mtime_ns) FROM entry e"
                " LEFT JOIN drift d ON d.entry = e.n WHERE e.n = ?",
                work.entry);
    const bool row = GDS_TRY(query.next());
    return !work.there || (row && work.there->size == query.integer(0) &&
                           work.there->mtime_ns == query.integer(1));
}

Status Fetch::touch(const std::vector<Work>& works) {
    state::Transaction transaction = GDS_TRY(state::Transaction::begin(store_.db()));
    for (const Work& work : works) {
        const bool as_seen = GDS_TRY(is_as_seen(work));
        const auto touched = as_seen ? volume_.set_mtime_ms(work.path, work.item.modified_ms)
                                     : error(Code::conflict, "changed locally meanwhile");
        if (!touched) {
            GDS_CHECK(park(work, touched.error()));
            continue;
        }
        GDS_CHECK(store_.db().run("UPDATE entry SET mtime_ns = ?, modified_ms = ? WHERE n = ?",
                                  *touched, work.item.modified_ms, work.entry));
        GDS_CHECK(set_outcome(store_, work.seq, ActionOutcome::done));
    }
    return transaction.commit();
}

namespace {

std::string select_works(std::string_view condition) {
    return fmt::format(
        "SELECT a.seq, a.path, a.reason, w.item, w.via, w.entry, w.name,"
        " CASE w.parent WHEN 0 THEN 0 ELSE coalesce(nullif(p.entry, 0), -1) END, {}"
        " FROM action a CROSS JOIN wanted w ON w.n = a.wanted CROSS JOIN item i ON i.n = w.item"
        " LEFT JOIN wanted p ON p.n = w.parent WHERE {}",
        state::kItemColumns, condition);
}

}  // namespace

Result<std::vector<Fetch::Work>> Fetch::next_works(std::int64_t after, bool touches) {
    // "+": by number, from where the last look-up ended, and not by the index of kinds.
    static const std::string sql = select_works(
        "+a.kind IN (?, ?) AND a.outcome = 0 AND (a.reason = 'mtime') = ? AND a.seq > ?"
        " ORDER BY a.seq LIMIT ?");
    Query query(store_.db(), sql.c_str(), static_cast<std::int64_t>(ActionKind::download),
                static_cast<std::int64_t>(ActionKind::update), touches, after, kLookAhead);
    return works_of(query);
}

Result<std::vector<Fetch::Work>> Fetch::works_of(Query& query) {
    std::vector<Work> works;
    // They mostly share a folder.
    state::EntryNo place = 0;
    std::string place_path;
    for (;;) {
        const bool row = GDS_TRY(query.next());
        if (!row) {
            return works;
        }
        Work& work = works.emplace_back();
        work.seq = query.integer(0);
        work.path = query.text(1);
        work.reason = query.text(2);
        work.item_no = query.integer(3);
        work.via = query.integer(4);
        work.entry = query.integer(5);
        work.name = query.text(6);
        work.place = query.integer(7);
        work.item = state::item_in(query, 8);
        work.extension = export_extension(work.item, options_.export_formats);
        if (work.place > 0 && work.place != place) {
            place_path = GDS_TRY(store_.path_of(work.place));
            place = work.place;
        }
        if (work.place >= 0) {
            work.path = join_path(work.place == 0 ? "" : place_path, work.name);
        }
    }
}

Result<std::vector<Fetch::Work>> Fetch::load(const std::vector<std::int64_t>& seqs) {
    static const std::string sql = select_works("a.seq = ?");
    std::vector<Work> works;
    for (const std::int64_t seq : seqs) {
        Query query(store_.db(), sql.c_str(), seq);
        auto found = GDS_TRY(works_of(query));
        std::move(found.begin(), found.end(), std::back_inserter(works));
    }
    return works;
}

Status Fetch::look_up(std::vector<Work>& works) {
    // Together, since they mostly share a folder. What changes between this and a file's turn is a
    // conflict when it is published.
    volume::Cursor cursor(volume_);
    for (Work& work : works) {
        work.there = GDS_TRY(cursor.stat(work.path));
    }
    return {};
}

Status Fetch::load_more() {
    state::Transaction transaction = GDS_TRY(state::Transaction::begin(store_.db()));
    const auto again = std::exchange(again_, {});
    auto works = again.empty() ? GDS_TRY(next_works(last_seq_, false)) : GDS_TRY(load(again));
    if (again.empty() && !works.empty()) {
        last_seq_ = works.back().seq;
    }
    GDS_CHECK(look_up(works));
    std::move(works.begin(), works.end(), std::back_inserter(upcoming_));
    return transaction.commit();
}

Result<std::optional<transfer::Job>> Fetch::next_job() {
    while (!cancel_.stopped()) {
        if (upcoming_.empty()) {
            GDS_CHECK(load_more());
        }
        if (upcoming_.empty()) {
            break;
        }
        Work work = std::move(upcoming_.front());
        upcoming_.pop_front();
        auto job = GDS_TRY(make_job(work));
        if (job) {
            under_way_.insert_or_assign(work.seq, std::move(work));
            return job;
        }
    }
    return std::optional<transfer::Job>();
}

Result<bool> Fetch::blocked(const Work& work) {
    const std::string waiting = GDS_TRY(waits_for(work));
    if (waiting.empty()) {
        return occupied(work);
    }
    state::Transaction transaction = GDS_TRY(state::Transaction::begin(store_.db()));
    GDS_CHECK(options_.in_doubt ? set_outcome(store_, work.seq, ActionOutcome::withheld, waiting)
                                : park(work, error(Code::conflict, "blocked: " + waiting)));
    GDS_CHECK(transaction.commit());
    return true;
}

Result<std::string> Fetch::waits_for(const Work& work) {
    if (work.place < 0 || unmade_.count(work.place) != 0) {
        return std::string("the folder it belongs in is not there");
    }
    const auto own = GDS_TRY(store_.entry(present_entry(work)));
    const bool elsewhere = own && (own->parent != work.place || own->name != work.name);
    if (elsewhere && !GDS_TRY(is_missing(store_, own->n))) {
        return std::string("its copy still has its old name");
    }
    if (!work.there) {
        return std::string();
    }
    const auto other = GDS_TRY(store_.entry_at(work.place, work.name));
    const bool others = other && !other->folder && other->n != work.entry;
    // One that nothing asks for any more is replaced; in doubt, it may be asked for after all.
    const bool held = others && (options_.in_doubt || GDS_TRY(is_wanted_entry(store_, other->n)));
    return held ? std::string("another file's copy still has its name") : std::string();
}

Result<bool> Fetch::occupied(const Work& work) {
    if (!work.there || work.there->type == volume::FileType::file) {
        return false;
    }
    state::Transaction transaction = GDS_TRY(state::Transaction::begin(store_.db()));
    const bool cleared = GDS_TRY(removal_.evict(work.path));
    if (!cleared) {
        GDS_CHECK(park(work, error(Code::conflict, "blocked: what lies there may not be deleted")));
    }
    GDS_CHECK(transaction.commit());
    GDS_CHECK(commits_.flush());  // what is gone must not be recorded as there
    return !cleared;
}

Result<std::optional<transfer::Job>> Fetch::make_job(const Work& work) {
    const bool is_blocked = GDS_TRY(blocked(work));
    if (is_blocked) {
        return std::optional<transfer::Job>();
    }
    transfer::Job job;
    job.token = work.seq;
    job.path = work.path;
    job.mtime_ms = work.item.modified_ms;
    if (work.item.kind == model::ItemKind::document) {
        describe_document(work, job);
    } else {
        describe_file(work, job);
    }
    if (const auto& there = work.there; there && there->type == volume::FileType::file) {
        volume::TrashEntry replaced;
        replaced.path = work.path;
        replaced.why = "replaced";
        replaced.id = work.item.id;
        replaced.size = there->size;
        replaced.mtime_ns = there->mtime_ns;
        replaced.successor = to_hex(job.digest);
        job.replaces = std::move(replaced);
    }
    return std::optional<transfer::Job>(std::move(job));
}

void Fetch::describe_document(const Work& work, transfer::Job& job) {
    const drive::Ref ref = drive::ref_of(work.item);
    const auto detour = detours_.find(work.seq);
    const std::string link = detour == detours_.end() ? "" : detour->second.link;
    const auto format = drive::export_format(work.item.mime_type, options_.export_formats);
    job.ranges = false;
    job.format = transfer::FormatCheck{format->mime_type, format->extension};
    job.request = [this, ref, link, mime = format->mime_type](std::int64_t) {
        return link.empty() ? api_.export_request(ref, mime) : api_.link_request(link);
    };
}

void Fetch::describe_file(const Work& work, transfer::Job& job) {
    const model::Item& item = work.item;
    job.size = item.size;
    job.request = [this, ref = drive::ref_of(item)](std::int64_t offset) {
        return api_.media_request(ref, offset);
    };
    if (const auto listed = cheapest_digest(item)) {
        job.algorithm = listed->algorithm;
        job.digest = listed->bytes.bytes();
        job.resume_key = resume_key(item.id, listed->bytes.bytes());
    }
    const auto detour = detours_.find(work.seq);
    if (detour != detours_.end() && !detour->second.digest.empty()) {
        job.digest = detour->second.digest;
        job.resume_key.clear();
        job.size.reset();
    }
}

Status Fetch::commit(const std::vector<transfer::Outcome>& outcomes) {
    bool replaced = false;
    Status ends_run;
    std::vector<std::int64_t> done;
    state::Transaction transaction = GDS_TRY(state::Transaction::begin(store_.db()));
    for (const transfer::Outcome& outcome : outcomes) {
        const auto found = under_way_.extract(outcome.token);
        if (!found) {
            return error(Code::internal, "a download without its action");
        }
        const Work& work = found.mapped();
        replaced = replaced || work.entry != 0;
        if (outcome.result) {
            GDS_CHECK(record(work, *outcome.result));
            done.push_back(work.seq);
        } else if (outcome.result.error().code == Code::unauthenticated) {
            ends_run = outcome.result.error();  // no other file would fare better
        } else {
            GDS_CHECK(settle_failure(work, outcome));
        }
    }
    GDS_CHECK(transaction.commit());
    done_.insert(done_.end(), done.begin(), done.end());
    if (done_.size() >= kMarkedAtOnce) {
        GDS_CHECK(mark_done());
    }
    GDS_CHECK(ends_run);
    // A new file that is not recorded is adopted by its checksum, and another content of a known
    // one would be fetched again.
    return replaced ? commits_.flush() : commits_.recorded(outcomes.size());
}

Status Fetch::record(const Work& work, const transfer::Published& published) {
    result_.bytes += published.size;
    state::Entry entry;
    entry.n = present_entry(work);
    entry.parent = work.place;
    entry.name = work.name;
    entry.item = work.item_no;
    entry.via = work.via;
    entry.size = published.size;
    entry.mtime_ns = published.mtime_ns;
    entry.modified_ms = work.item.modified_ms;
    entry.content = content_key(work.item, work.extension);
    entry.digest = published.digest == entry.content ? "" : published.digest;
    const auto detour = detours_.find(work.seq);
    const bool odd = detour != detours_.end() && !detour->second.digest.empty();
    entry.unverified =
        odd || (work.item.kind == model::ItemKind::file && !cheapest_digest(work.item));
    GDS_CHECK(entry.n != 0 ? update(entry) : insert(entry));
    GDS_CHECK(store_.unpark(work.item_no, work.via));
    log::debug("published", {{"path", work.path}, {"bytes", published.size}});
    return {};
}

/// They end nearly in their order: few statements mark many.
Status Fetch::mark_done() {
    auto done = std::exchange(done_, {});
    std::sort(done.begin(), done.end());
    state::Transaction transaction = GDS_TRY(state::Transaction::begin(store_.db()));
    for (auto first = done.begin(); first != done.end();) {
        auto last = first;
        while (std::next(last) != done.end() && *std::next(last) == *last + 1) {
            ++last;
        }
        GDS_CHECK(set_done(store_, *first, *last));
        first = std::next(last);
    }
    return transaction.commit();
}

Status Fetch::update(const state::Entry& entry) {
    GDS_CHECK(forget_other(entry));
    return store_.update(entry);
}

Status Fetch::insert(const state::Entry& entry) {
    state::EntryNo made = GDS_TRY(store_.insert_unless_taken(entry));
    if (made == 0) {
        GDS_CHECK(forget_other(entry));
        made = GDS_TRY(store_.insert(entry));
    }
    // Its number may have been that of a record that is gone, whose file the scan had missed.
    return store_.db().run("DELETE FROM drift WHERE entry = ?", made);
}

Status Fetch::forget_other(const state::Entry& entry) {
    const auto other = GDS_TRY(store_.entry_at(entry.parent, entry.name));
    if (!other || other->n == entry.n) {
        return {};
    }
    given_way_.insert(other->n);
    return removal_.forget(*other);
}

state::EntryNo Fetch::present_entry(const Work& work) const {
    return given_way_.count(work.entry) != 0 ? 0 : work.entry;
}

}  // namespace gds::run
