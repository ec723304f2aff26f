#include "gds/base/text.h"
#include "run_frame.h"
#include "scan_blobs.h"

#include <fmt/core.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <nlohmann/json.hpp>

namespace gds::registry {

namespace {

using Json = nlohmann::json;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kBlock = std::size_t{1} << 20U;

/// Keeps what was read below a rate.
class Pace {
public:
    Pace(std::int64_t rate, const Cancel& cancel) : rate_(rate), cancel_(cancel) {}

    void count(std::int64_t bytes) {
        if (rate_ <= 0) {
            return;
        }
        bytes_ += bytes;
        const std::chrono::duration<double> due(static_cast<double>(bytes_) /
                                                static_cast<double>(rate_));
        sleep_until(start_ + std::chrono::duration_cast<Clock::duration>(due), cancel_);
    }

private:
    std::int64_t rate_;
    const Cancel& cancel_;
    Clock::time_point start_ = Clock::now();
    std::int64_t bytes_ = 0;
};

/// How far a pass came: every directory up to this one ("sha256/3f") was read.
struct Position {
    std::string after;
    std::vector<std::string> damaged;
};

Result<Position> read_position(const std::string& path) {
    if (path.empty()) {
        return Position{};
    }
    const auto text = read_small_file(path, std::size_t{64} << 20U);
    if (!text) {
        return text.error().code == Code::not_found ? Result<Position>(Position{}) : text.error();
    }
    const Json json = Json::parse(*text, nullptr, false);
    if (!json.is_object() || !json.contains("after") || !json["after"].is_string() ||
        !json.contains("damaged") || !json["damaged"].is_array()) {
        return error(Code::invalid_argument,
                     path + ": this is not what a deep scan remembers; remove it to begin anew");
    }
    Position position{json["after"].get<std::string>(), {}};
    for (const Json& digest : json["damaged"]) {
        position.damaged.push_back(digest.is_string() ? digest.get<std::string>() : "");
    }
    return position;
}

class Pass {
public:
    Pass(DeepPass& pass, const Storage& storage, const Cancel& cancel, Problems& problems)
        : pass_(pass),
          storage_(storage),
          cancel_(cancel),
          problems_(problems),
          pace_(pass.rate, cancel) {}

    Status run() {
        const Position position = GDS_TRY(read_position(pass_.state_file));
        for (const std::string& text : position.damaged) {  // it may be whole again by now
            if (const auto digest = Digest::parse(text)) {
                check(*digest);
            }
        }
        for (const Storage::Entry& algorithm : GDS_TRY(storage_.list("blobs"))) {
            const std::string above = "blobs/" + algorithm.name;
            for (const Storage::Entry& prefix : GDS_TRY(storage_.list(above))) {
                const std::string place = algorithm.name + "/" + prefix.name;
                if (place <= position.after || !prefix.is_directory()) {
                    continue;
                }
                if (!GDS_TRY(check_directory(algorithm.name, prefix.name))) {
                    return {};
                }
                GDS_CHECK(remember(place));
            }
        }
        pass_.finished = true;
        return remember("");
    }

private:
    /// False where it was stopped before the end.
    Result<bool> check_directory(const std::string& algorithm, const std::string& prefix) {
        for (const Storage::Entry& entry :
             GDS_TRY(storage_.list(fmt::format("blobs/{}/{}", algorithm, prefix)))) {
            if (cancel_.stopped()) {
                return false;
            }
            if (const auto digest = Digest::parse(algorithm + ":" + entry.name)) {
                check(*digest);
            }
        }
        return !cancel_.stopped();
    }

    void check(const Digest& digest) {
        const auto sound = is_sound(digest);
        if (!sound) {
            if (sound.error().code != Code::not_found && sound.error().code != Code::cancelled) {
                problems_.add(sound.error());
            }
        } else if (!*sound) {
            pass_.damaged.insert(digest);
        }
    }

    Result<bool> is_sound(const Digest& digest) {
        const auto algorithm = algorithm_of(digest);
        if (!algorithm) {
            return true;  // that cannot be told here
        }
        const Fd file = GDS_TRY(storage_.open_blob(digest));
        crypto::Digest hash(*algorithm);
        for (;;) {
            if (cancel_.stopped()) {
                return error(Code::cancelled, "stopped");
            }
            const auto got = ::read(file.get(), block_.data(), block_.size());
            if (got < 0 && errno != EINTR) {
                return errno_error(errno, Storage::blob_path(digest));
            }
            if (got == 0) {
                return to_hex(hash.finish()) == digest.hex();
            }
            if (got > 0) {
                hash.update({block_.data(), static_cast<std::size_t>(got)});
                pace_.count(got);
            }
        }
    }

    Status remember(const std::string& after) {
        if (pass_.state_file.empty()) {
            return {};
        }
        Json damaged = Json::array();
        for (const Digest& digest : pass_.damaged) {
            damaged.push_back(digest.text());
        }
        const Json json{{"schema", 1}, {"after", after}, {"damaged", damaged}};
        return replace_file(pass_.state_file, json.dump() + "\n", 0644);
    }

    DeepPass& pass_;
    const Storage& storage_;
    const Cancel& cancel_;
    Problems& problems_;
    Pace pace_;
    std::vector<char> block_ = std::vector<char>(kBlock);
};

}  // namespace

Status DeepPass::run(const Storage& storage, const Cancel& cancel, Problems& problems) {
    return Pass(*this, storage, cancel, problems).run();
}

}  // namespace gds::registry
