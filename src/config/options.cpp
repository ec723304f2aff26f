#include "common_options.h"

#include <algorithm>
#include <cctype>

namespace gds::config {
namespace {

constexpr std::string_view kRun = "sync|resync|diff";
constexpr std::string_view kSource = "sync|resync|diff|auth check";
constexpr std::string_view kApply = "sync|resync";
constexpr std::string_view kVolume = "sync|resync|diff|status|approve";
constexpr std::string_view kNetwork = "sync|resync|diff|auth login|auth check";
constexpr std::string_view kLogin = "auth login";

std::vector<Option> source_options() {
    static constexpr std::string_view kGroup = "Source";
    return {
        {"source", Type::text, "", "PATH",
         "Folder to mirror, as a path from My Drive's root, such as claude/files.", kGroup, "",
         kSource},
        {"source-id", Type::text, "", "ID",
         "Folder to mirror, by the id that its address in the browser ends with.", kGroup, "",
         kSource},
        {"drive-id", Type::text, "", "ID",
         "Shared drive that the path begins in, instead of My Drive.", kGroup, "", kSource},
        {"shared-with-me", Type::toggle, "false", "",
         "Begin the path among the folders that others have shared with this account.", kGroup, "",
         kSource},
        {"full", Type::toggle, "false", "",
         "List the whole folder, whatever is known of it; diff then sees what resync would see.",
         kGroup, "", kRun},
        {"full-interval", Type::duration, "24h", "DURATION",
         "Longest time between full listings; in between, Drive's change feed tells what is new.",
         kGroup, "", kRun},
        {"resync-id", Type::text, "", "ID",
         "Carry this resync out once: with an id that was seen before it is an ordinary sync.",
         kGroup, "", "resync"},
    };
}

std::vector<Option> destination_options() {
    static constexpr std::string_view kGroup = "Destination";
    return {
        {"dest", Type::path, "", "DIR", "Directory that becomes the mirror.", kGroup, "", kVolume},
        {"state-dir", Type::path, "", "DIR",
         "Where the database lies, instead of DEST/.gdrive-sync.", kGroup, "", kVolume},
        {"lock-wait", Type::duration, "0", "DURATION",
         "Wait that long for another run on this destination before giving up with exit code 8.",
         kGroup, "", "sync|resync|approve"},
        {"scan-interval", Type::duration, "0", "DURATION",
         "How often the destination is searched for what others changed in it; 0 is every run.",
         kGroup, "", kRun},
        {"file-mode", Type::mode, "0666", "MODE", "Permissions of published files, less the umask.",
         kGroup, "", kApply, 0, 0777},
        {"dir-mode", Type::mode, "0777", "MODE",
         "Permissions of published directories, less the umask.", kGroup, "", kApply, 0, 0777},
        {"unmanaged", Type::choice, "delete", "WHAT",
         "What happens to files in the destination that Drive does not have.", kGroup,
         "delete|keep", kRun},
        {"trash-keep", Type::duration, "7d", "DURATION",
         "Keep removed and replaced files that long; 0 does not keep them at all.", kGroup, "",
         kApply},
        {"trash-max-size", Type::size, "off", "SIZE",
         "Keep at most that much of removed and replaced files, the newest first.", kGroup, "",
         kApply},
    };
}

std::vector<Option> guard_options() {
    static constexpr std::string_view kGroup = "Guards";
    return {
        {"max-delete", Type::integer, "25", "N",
         "Delete nothing at all where a run would delete more files than this; -1 for no limit.",
         kGroup, "", kRun, -1},
        {"max-delete-percent", Type::real, "off", "P",
         "Delete nothing at all where a run would delete more than this share of the mirror.",
         kGroup, "", kRun, 0, 100},
        {"allow-empty-source", Type::toggle, "false", "",
         "Accept a source without any file as the truth, within the other guards.", kGroup, "",
         kRun},
    };
}

std::vector<Option> filter_options() {
    static constexpr std::string_view kGroup = "Filters";
    return {
        {"include", Type::list, "", "GLOB",
         "Mirror only paths that match one of these globs, in rclone's language; repeatable.",
         kGroup, "", kRun},
        {"exclude", Type::list, "", "GLOB",
         "Leave out paths that match one of these globs; repeatable.", kGroup, "", kRun},
        {"filter-from", Type::list, "", "FILE",
         "Read \"+ GLOB\" and \"- GLOB\" rules from a file, the first match decides; repeatable.",
         kGroup, "", kRun},
        {"max-size", Type::size, "off", "SIZE", "Leave out files larger than this.", kGroup, "",
         kRun},
        {"export-formats", Type::names, "docx,xlsx,pptx,svg", "LIST",
         "Formats for Google documents, the first that fits a document is taken.", kGroup, "",
         kRun},
    };
}

std::vector<Option> transfer_options() {
    static constexpr std::string_view kGroup = "Transfer";
    return {
        {"transfers", Type::integer, "", "N",
         "Files downloaded at once; without it, chosen by the size of the work.", kGroup, "",
         kApply, 1, 256},
        {"max-duration", Type::duration, "off", "DURATION",
         "Stop cleanly after that long, keeping what is finished, with exit code 5.", kGroup, "",
         kRun, kSecond},
        {"bwlimit", Type::size, "off", "RATE", "Download at most that many bytes a second.", kGroup,
         "", kApply, 1},
        {"tpslimit", Type::real, "off", "N", "Send at most that many requests a second.", kGroup,
         "", kRun, 0.01},
        {"quota", Type::integer, "", "N",
         "Spend at most that many of Drive's quota units a minute, not only once Drive refuses "
         "more.",
         kGroup, "", kRun, 1},
        {"timeout", Type::duration, "60s", "DURATION",
         "Give up on a request, and retry it, after that long without a byte.", kGroup, "",
         kNetwork, kSecond},
        {"retries", Type::integer, "8", "N", "Further attempts for a request that failed.", kGroup,
         "", kNetwork, 0, 100},
        {"retry-max-wait", Type::duration, "2m", "DURATION",
         "Longest wait between two attempts; where Drive asks for more, the request has failed.",
         kGroup, "", kNetwork},
        {"drive-endpoint", Type::url, "https://www.googleapis.com", "URL",
         "Base address of the Drive API, for emulators and private endpoints.", kGroup, "",
         kNetwork},
        ca_cert_option(kGroup, kNetwork),
    };
}

std::vector<Option> credential_options() {
    static constexpr std::string_view kGroup = "Credentials";
    return {
        {"rclone-config", Type::path, "", "FILE", "Take the credentials from this rclone.conf.",
         kGroup, "", kNetwork},
        {"rclone-remote", Type::text, "", "NAME", "Section of the rclone.conf to use.", kGroup, "",
         kNetwork},
        {"credentials", Type::path, "", "FILE",
         "Take the credentials from a JSON file of Google's (authorized user or service account).",
         kGroup, "", kNetwork},
        {"token-endpoint", Type::url, "https://oauth2.googleapis.com/token", "URL",
         "Where access tokens are fetched.", kGroup, "", kNetwork},
        {"client-id", Type::text, "", "ID",
         "OAuth client to log in with; its secret comes from the environment or a file.", kGroup,
         "", kLogin},
        {"auth-endpoint", Type::url, "https://accounts.google.com/o/oauth2/v2/auth", "URL",
         "Page that asks for consent.", kGroup, "", kLogin},
        {"port", Type::integer, "0", "N",
         "Local port that the browser returns to; 0 takes a free one.", kGroup, "", kLogin, 0,
         65535},
        {"output", Type::path, "", "FILE", "Write the new credentials to this file, mode 0600.",
         kGroup, "", kLogin},
        {"force", Type::toggle, "false", "", "Replace the output file where it exists.", kGroup, "",
         kLogin},
    };
}

std::vector<Option> output_options() {
    static constexpr std::string_view kGroup = "Output";
    std::vector<Option> options{
        {"format", Type::choice, "text", "FORMAT", "Form of the answer on standard output.", kGroup,
         "text|json", "diff|status"},
        {"exit-code", Type::toggle, "false", "",
         "End with exit code 10 where there are differences.", kGroup, "", "diff"},
    };
    const auto common = common_output_options(
        {kGroup, kRun, kApply, kRun,
         "Name of this mirror at the Pushgateway, instead of the source's id."});
    options.insert(options.end(), common.begin(), common.end());
    return options;
}

std::string upper_case(std::string_view name) {
    std::string upper(name);
    std::transform(upper.begin(), upper.end(), upper.begin(), [](char c) {
        return c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    });
    return upper;
}

/// Credentials come from the environment without being options.
bool is_secret(const Program& program, std::string_view name) {
    static constexpr std::string_view kFile = "_FILE";
    if (name.ends_with(kFile)) {
        name.remove_suffix(kFile.size());
    }
    return std::find(program.secrets.begin(), program.secrets.end(), name) != program.secrets.end();
}

/// GDRIVE_SYNC_SERVICE_HOST, GDRIVE_SYNC_SERVICE_PORT_HTTP, GDRIVE_SYNC_PORT_80_TCP_ADDR.
bool is_service_link(std::string_view name) {
    return name == "SERVICE_HOST" || name.starts_with("SERVICE_PORT") || name == "PORT" ||
           name.starts_with("PORT_");
}

}  // namespace

std::string_view origin_name(Origin origin) {
    switch (origin) {
        case Origin::preset: return "default";
        case Origin::file: return "file";
        case Origin::environment: return "environment";
        case Origin::flag: return "flag";
    }
    return "";
}

const Program& gdrive_sync() {
    static const Program program = [] {
        Program made{
            "gdrive-sync", "GDRIVE_SYNC_", {"CLIENT_ID", "CLIENT_SECRET", "REFRESH_TOKEN"}, {}};
        for (const auto& group :
             {source_options(), destination_options(), guard_options(), filter_options(),
              transfer_options(), credential_options(), output_options()}) {
            made.options.insert(made.options.end(), group.begin(), group.end());
        }
        return made;
    }();
    return program;
}

const std::vector<Option>& option_table() {
    return gdrive_sync().options;
}

const Option* find_option(std::string_view name, const Program& program) {
    const auto& table = program.options;
    const auto found = std::find_if(table.begin(), table.end(),
                                    [&](const Option& option) { return option.name == name; });
    return found == table.end() ? nullptr : &*found;
}

bool takes(const Option& option, std::string_view command) {
    const auto commands = split(option.commands, '|');
    return option.commands.empty() ||
           std::find(commands.begin(), commands.end(), command) != commands.end();
}

std::string variable_name(const Option& option, const Program& program) {
    return std::string(program.variable_prefix) + upper_case(option.name);
}

std::vector<std::string> unknown_variables(const std::vector<std::string>& names,
                                           const Program& program) {
    std::vector<std::string> unknown;
    std::copy_if(names.begin(), names.end(), std::back_inserter(unknown), [&](const auto& name) {
        if (!name.starts_with(program.variable_prefix)) {
            return false;
        }
        const auto rest = std::string_view(name).substr(program.variable_prefix.size());
        const auto& table = program.options;
        const bool known = std::any_of(table.begin(), table.end(), [&](const Option& option) {
            return upper_case(option.name) == rest;
        });
        return !known && !is_secret(program, rest) && !is_service_link(rest);
    });
    return unknown;
}

}  // namespace gds::config
