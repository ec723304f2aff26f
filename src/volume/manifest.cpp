#include "manifest.h"

#include "walk.h"

#include <fmt/core.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <nlohmann/json.hpp>

namespace gds::volume {

namespace {

using Json = nlohmann::json;

constexpr int kManifestSchema = 1;

/// Long enough for any path of ours in hex; a longer "line" is rubbish.
constexpr std::size_t kLongestLine = 1UL << 20;

void put_text(Json& object, const std::string& name, const std::string& value) {
    if (is_utf8(value)) {
        object[name] = value;
    } else {
        object[name + "_hex"] = to_hex(value);
    }
}

/// Empty where it is absent or of another type.
std::string get_text(const Json& object, const std::string& name) {
    const auto plain = object.find(name);
    if (plain != object.end() && plain->is_string()) {
        return plain->get<std::string>();
    }
    const auto hex = object.find(name + "_hex");
    if (hex == object.end() || !hex->is_string()) {
        return {};
    }
    return from_hex(hex->get<std::string>()).value_or("");
}

std::int64_t get_number(const Json& object, const char* name) {
    const auto found = object.find(name);
    return found != object.end() && found->is_number_integer() ? found->get<std::int64_t>() : 0;
}

/// Hands each whole line in `pending` to `each` and leaves the rest. False once `each` has enough.
bool take_lines(std::string& pending, const std::function<bool(std::string_view)>& each) {
    std::size_t start = 0;
    for (auto end = pending.find('\n'); end != std::string::npos; end = pending.find('\n', start)) {
        if (!each(std::string_view(pending).substr(start, end - start))) {
            return false;
        }
        start = end + 1;
    }
    pending.erase(0, start);
    return true;
}

}  // namespace

std::string trash_path() {
    return std::string(kStateDirName) + "/trash";
}

Result<std::string> trash_run_path(std::string_view run_id) {
    const auto names = GDS_TRY(components(run_id));
    if (names.size() != 1) {
        return error(Code::invalid_argument,
                     fmt::format("'{}' is not the name of a run", printable(run_id)));
    }
    return fmt::format("{}/{}", trash_path(), run_id);
}

std::string manifest_header(std::string_view run_id, std::int64_t created_ms) {
    const Json object = {{"schema", kManifestSchema}, {"run", run_id}, {"created_ms", created_ms}};
    return object.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::optional<std::int64_t> created_of_header(std::string_view line) {
    const Json object = Json::parse(line, nullptr, false);
    if (!object.is_object() || get_number(object, "schema") != kManifestSchema) {
        return std::nullopt;
    }
    return get_number(object, "created_ms");
}

std::string manifest_line(const TrashEntry& entry) {
    Json object = {{"stored", entry.stored},
                   {"why", entry.why},
                   {"size", entry.size},
                   {"mtime_ns", entry.mtime_ns}};
    put_text(object, "path", entry.path);
    const std::array<std::pair<const char*, const std::string*>, 3> optional{
        {{"id", &entry.id}, {"checksum", &entry.checksum}, {"successor", &entry.successor}}};
    for (const auto& [name, value] : optional) {
        if (!value->empty()) {
            put_text(object, name, *value);
        }
    }
    return object.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::optional<TrashEntry> parse_manifest_line(std::string_view line) {
    const Json object = Json::parse(line, nullptr, false);
    if (!object.is_object()) {
        return std::nullopt;
    }
    TrashEntry entry;
    entry.path = get_text(object, "path");
    entry.stored = get_text(object, "stored");
    entry.why = get_text(object, "why");
    entry.id = get_text(object, "id");
    entry.checksum = get_text(object, "checksum");
    entry.successor = get_text(object, "successor");
    entry.size = get_number(object, "size");
    entry.mtime_ns = get_number(object, "mtime_ns");
    const auto path = components(entry.path);
    const auto stored = components(entry.stored);
    // Restoring follows these names: what leads elsewhere is no entry of ours.
    if (!path || path->empty() || !stored || stored->size() != 1) {
        return std::nullopt;
    }
    return entry;
}

Status read_manifest_lines(const Volume& volume, const std::string& folder,
                           const std::function<bool(std::string_view)>& each) {
    const auto path = fmt::format("{}/{}", folder, kManifestName);
    const Fd fd = GDS_TRY(volume.open_file(path));
    std::string pending;
    std::array<char, 16384> block{};
    for (;;) {
        const ssize_t count = ::read(fd.get(), block.data(), block.size());
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count < 0) {
            return path_error(errno, "read", path);
        }
        pending.append(block.data(), static_cast<std::size_t>(count));
        if (count == 0 || !take_lines(pending, each) || pending.size() > kLongestLine) {
            return {};
        }
    }
}

}  // namespace gds::volume
