#pragma once

#include "gds/registry/client.h"
#include "repair_plan.h"
#include "storage.h"

#include <map>
#include <set>
#include <string>

namespace gds::registry {

/// Carries out steps, one after another, over the registry's API.
class Hands {
public:
    /// `storage` may be null; `backup_dir` may be "".
    Hands(Client& client, const Storage* storage, std::string backup_dir);

    /// Error: read_only where the registry takes no writes or no deletes, in words for a person.
    Status carry_out(const Step& step);

    /// Make the backup's directory, and see that something can be written there; ok where none was
    /// named. Error: why not.
    Status prepare_backup() const;

    /// Whether this repository would take deletes. Error: read_only.
    Status check_deletes(const std::string& repository);

    /// Ask for each tag of the repository, before its first delete: with one that the registry
    /// cannot read every delete would end half done, and a tag may have moved. The tags of each
    /// digest. Error: conflict, where a tag cannot be read that is not among `expected`, or has a
    /// name that none can have.
    Result<std::map<Digest, std::set<std::string>>> head_tags(
        const std::string& repository, const std::set<std::string>& expected);

    /// First half of remove_tag: let the tag lead to a manifest of its own. All unreadable tags of
    /// a repository have to be through before anything in it is deleted.
    Status replace_tag(const Step& step);

private:
    Status mount(const Step& step);
    Status upload(const Step& step);
    Status put(const std::string& repository, const std::string& reference,
               const ManifestBytes& bytes);
    Status remove(const Step& step);
    Status remove_stand_in(const Step& step);

    Result<std::string> begin_upload(const std::string& repository);
    Status finish_upload(const std::string& location, const Digest& digest, std::string body);
    Status send_file(std::string& location, const Fd& file);
    Result<std::string> location_of(const http::Response& answer) const;
    Status keep_copy(const Step& step);
    Result<http::Response> send(http::Request request);

    Client& client_;
    const Storage* storage_;
    std::string backup_dir_;
};

}  // namespace gds::registry
