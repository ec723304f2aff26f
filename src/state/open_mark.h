#pragma once

#include <string>

namespace gds::state {

/// A small file beside an open database. Whoever finds it at the next opening knows that the last
/// one came to no orderly end, or that damage was met. Only under the volume's lock.
class OpenMark {
public:
    enum class Last { closed, not_closed, damaged };

    /// Mark the database at `path` as open.
    explicit OpenMark(const std::string& path);
    /// How the last opening ended. Where no mark can be made, nobody can tell: not_closed.
    [[nodiscard]] Last last() const { return last_; }
    /// The same without marking anything.
    static Last look(const std::string& path);
    /// The end of this opening.
    void close(bool damaged);

private:
    std::string path_;
    Last last_;
};

}  // namespace gds::state
