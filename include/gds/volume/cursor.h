#pragma once

#include "gds/volume/volume.h"

#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace gds::volume {

/// A name in an open directory, for *at calls.
struct Place {
    int directory = -1;
    std::string name;
};

/// Works on many files of few folders: the parent of the last path stays open (of a rename both
/// parents), and only another parent is resolved, as Volume does. It follows the directory, not its
/// path: one that somebody moves meanwhile is still worked in, wherever it lies. So a cursor is for
/// one pass over a bounded number of files, or for a folder that is ours alone. For one thread;
/// holds two descriptors at most.
class Cursor {
public:
    explicit Cursor(const Volume& volume) : volume_(&volume) {}

    /// Like Volume's members of these names.
    Result<std::optional<Stat>> stat(std::string_view relative);
    Result<Fd> open_with(std::string_view relative, int flags, unsigned mode = 0);
    Status remove_file(std::string_view relative);
    Status rename(std::string_view from, std::string_view to);
    Status rename_over(std::string_view from, std::string_view to);

    /// The parent directory of `relative` and the last name; good until the next call of any
    /// member.
    Result<Place> at(std::string_view relative);
    /// The same for both ends of a rename or link.
    Result<std::pair<Place, Place>> ends(std::string_view from, std::string_view to);

private:
    struct Held {
        std::string path;
        Fd directory;
    };
    Result<Place> reach(Held& held, std::string_view relative);

    const Volume* volume_;
    Held here_;
    Held source_;  ///< where renames come from
};

}  // namespace gds::volume
