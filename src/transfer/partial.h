#pragma once

#include "direct_writer.h"
#include "gds/transfer/downloads.h"
#include "gds/volume/cursor.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace gds::transfer {

/// DEST/.gdrive-sync/staging, relative to the destination.
std::string staging_path();
inline constexpr std::string_view kPartialEnding = ".part";
/// Where a resume key's partial lies.
std::string partial_path(std::string_view resume_key);

/// A staged file while its bytes arrive: what it holds and the digest of exactly that.
class Partial {
public:
    struct Plan {
        std::string path;     ///< in staging
        bool resume = false;  ///< go on with what an earlier run left there
        crypto::Algorithm algorithm = crypto::Algorithm::md5;
        std::optional<std::int64_t> size;
        unsigned mode = 0600;  ///< of the sealed file
    };

    static Result<Partial> open(volume::Cursor& staging, Plan plan);

    /// Digest up to `limit` of the bytes that an earlier run left; true once all are.
    Result<bool> rehash(std::int64_t limit);
    /// Forget every byte; the file stays.
    Status restart();
    Status append(std::string_view bytes);
    /// Return once all that was appended is in the file: before it is looked at, or left to a later
    /// run.
    Status flush();
    /// Bytes of the file that the digest covers.
    [[nodiscard]] std::int64_t offset() const { return offset_; }
    /// True where some of them came from an earlier run.
    [[nodiscard]] bool inherited() const { return inherited_; }
    /// Up to `count` bytes from `from` on, for a look at a finished file.
    Result<std::string> peek(std::int64_t from, std::size_t count) const;
    /// The raw digest of all bytes. Only restart() may follow.
    std::string finish() { return digest_.finish(); }
    /// Give the file its mode and time and close it, which reports delayed write errors (NFS).
    Status seal(std::int64_t mtime_ms);
    /// Close and remove it.
    void discard(volume::Cursor& staging);
    [[nodiscard]] const std::string& path() const { return plan_.path; }

private:
    Partial(Plan plan, Fd fd, unsigned mode);
    /// Before the first byte: take the space now, so that a full disk shows before the transfer.
    Status reserve();
    void write_behind();

    Plan plan_;
    Fd fd_;
    std::unique_ptr<DirectWriter> direct_;  ///< of a large file whose bytes all come now
    unsigned mode_;                         ///< the file's own until it is sealed
    crypto::Digest digest_;
    std::int64_t offset_ = 0;
    std::int64_t handed_to_disk_ = 0;  ///< what the disk was set to work on
    std::int64_t left_by_earlier_run_ = 0;
    bool inherited_ = false;
};

}  // namespace gds::transfer
