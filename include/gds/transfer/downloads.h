#pragma once

#include "gds/base/cancel.h"
#include "gds/base/result.h"
#include "gds/crypto/digest.h"
#include "gds/http/engine.h"
#include "gds/volume/trash.h"
#include "gds/volume/volume.h"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace gds::transfer {

/// What an exported document must be (Content-Type, first and last bytes).
struct FormatCheck {
    std::string mime_type;
    std::string extension;
};

/// One file to fetch and publish.
struct Job {
    std::int64_t token = 0;  ///< the caller's, handed back
    std::string path;        ///< where it is published, relative to the destination
    std::string resume_key;  ///< letters and digits that name the partial which a later run may
                             ///< continue: of the same bytes, or `digest` tells that they are not;
                             ///< empty: never resumed
    /// Asks for the bytes from `offset` on: with "Range: bytes=OFFSET-" where that is not 0.
    std::function<http::Request(std::int64_t offset)> request;
    bool ranges =
        true;  ///< the source honours Range (exports do not). Without a digest, which alone
               ///< can tell that two parts belong together, none is asked for either.
    std::optional<std::int64_t> size;
    crypto::Algorithm algorithm = crypto::Algorithm::md5;
    std::string digest;  ///< expected, raw; empty: none is known
    std::optional<FormatCheck> format;
    std::int64_t mtime_ms = 0;
    /// The file at `path` that is replaced, as the plan saw it (size, mtime_ns); absent: the path
    /// must be free. Anything else there is Code::conflict.
    std::optional<volume::TrashEntry> replaces;
};

/// A published file as the file system holds it.
struct Published {
    std::int64_t size = 0;
    std::int64_t mtime_ns = 0;
    std::string digest;  ///< of the bytes, by Job::algorithm
};

struct Outcome {
    std::int64_t token = 0;
    std::string path;
    Result<Published> result;
    /// With Code::mismatch: what came instead, so that the caller can tell a file whose listed
    /// checksum never matches from a broken transfer. Empty where unknown.
    std::string actual_digest = {};
    std::int64_t actual_size = -1;
};

struct Options {
    int transfers = 8;          ///< at once
    unsigned file_mode = 0666;  ///< less the umask
};

/// Live figures for a progress line.
struct Progress {
    std::int64_t files_done = 0;
    std::int64_t bytes_done = 0;
    int active = 0;
};

/// Downloads on the caller's thread (the engine's), publishing on a thread of its own: whatever is
/// complete and verified while one group is being made durable forms the next group, so thousands
/// of small files share a few fsyncs. Per group: staged bytes durable, old copies linked into the
/// trash, renames, directories durable, then `commit`.
class Downloads {
public:
    Downloads(http::Engine& engine, const volume::Volume& volume, volume::Trash& trash,
              Options options, Cancel& cancel);
    ~Downloads();
    Downloads(const Downloads&) = delete;
    Downloads& operator=(const Downloads&) = delete;

    /// Ask `next` for jobs while there is room (nullopt: none now; asked again after each outcome),
    /// hand outcomes to `commit` on this thread: published ones as durable groups, failures as they
    /// come. Returns when `next` has no more and nothing is under way, or early: at cancel (what
    /// was verified is still published), when `commit` fails, or on disk_full / read_only of the
    /// destination (that error). What a stop interrupted has no outcome; its partial stays if it
    /// has a resume key.
    Status run(const std::function<std::optional<Job>()>& next,
               const std::function<Status(std::vector<Outcome>)>& commit,
               const std::function<void(const Progress&)>& progress = {});

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

/// Remove what earlier runs left in staging: nothing is to be resumed any more.
Status clean_staging(const volume::Volume& volume);
/// What earlier runs left there to go on with: the room each takes on the volume, by resume key.
Result<std::map<std::string, std::int64_t>> partials(const volume::Volume& volume);
Status remove_partial(const volume::Volume& volume, const std::string& resume_key);
/// Bytes that partials already hold for a resume key (0 where none).
std::int64_t staged_bytes(const volume::Volume& volume, const std::string& resume_key);

/// Error (bad_response) where bytes that claim to be `format` begin or end wrongly, or the
/// Content-Type says something else (a login page).
Status check_export(const FormatCheck& format, std::string_view content_type,
                    std::string_view first_bytes, std::string_view last_bytes);

}  // namespace gds::transfer
