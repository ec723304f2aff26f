#include "commands.h"

namespace gds::cli {

namespace {

std::vector<Command> registry_probe_commands() {
    return {
        {"probe", "REGISTRY", "look for everything in a registry that cannot be pulled",
         "Walks catalog, tags, manifests, the children of indexes, configs and every layer, as a\n"
         "client that pulls would need them, and names what cannot be served. Nothing is reported\n"
         "that does not look the same a second time.",
         "  registry-probe probe registry.example:5000\n"
         "  registry-probe probe 127.0.0.1:5000 --plain-http --report broken.json\n"
         "  registry-probe probe registry.example --in-use kubernetes \\\n"
         "      --metrics-file /var/lib/metrics/registry.prom\n"},
        {"verify", "IMAGE...", "after a push: prove that these images can be pulled",
         "Index, every child and platform, config and every layer of each image; whatever is not\n"
         "served in full fails. One line for each thing that was checked.",
         "  registry-probe verify registry.example/team/app:1.0\n"
         "  registry-probe verify registry.example/team/app:1.0 --expect sha256:... --deep\n"},
        {"scan", "DIR", "find the same on the registry's disk, without the registry",
         "Reads the registry's own file tree by the rules that the registry serves it by, and "
         "never\n"
         "changes anything. Also names what would make a garbage collection fail, and what the "
         "next\n"
         "one would turn into a loss.",
         "  registry-probe scan /var/lib/registry\n"
         "  registry-probe scan /var/lib/registry --gate && registry garbage-collect config.yml\n"},
        {"repair", "REGISTRY", "heal what a report names, delete what cannot be healed",
         "Prints a plan; --yes carries it out, unless it would delete more than --max-delete.",
         "  registry-probe repair registry.example --from broken.json\n"
         "  registry-probe repair registry.example --from broken.json --backup-dir old --yes\n"},
    };
}

constexpr std::string_view kNotes =
    "Every option can also be given before the command, as an environment variable\n"
    "(--max-rps is REGISTRY_PROBE_MAX_RPS), or in a TOML file named with --config.\n"
    "A password comes from --password-file or REGISTRY_PROBE_PASSWORD, or from docker's\n"
    "config.json (--auth-file, else DOCKER_CONFIG, else ~/.docker/config.json).\n";

constexpr std::string_view kExitCodes =
    "Exit codes:\n"
    "  0 all sound  1 internal    2 usage         3 credentials refused\n"
    "  4 a repair would delete too much           6 registry or catalog out of reach, or empty\n"
    "  9 not everything could be asked            11 broken references were found\n"
    "  130/143 interrupted\n";

}  // namespace

const Interface& registry_probe_interface() {
    static const Interface interface {
        config::registry_probe(), registry_probe_commands(),
            "registry-probe proves that a container registry can serve what it lists.", kNotes,
            kExitCodes
    };
    return interface;
}

}  // namespace gds::cli
