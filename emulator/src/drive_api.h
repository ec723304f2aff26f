#pragma once

#include "http.h"
#include "routes.h"
#include "store.h"

#include <atomic>
#include <cstdint>

namespace emulator {

/// The answers of Drive API v3, as far as a read-only mirror asks for them.
class DriveApi {
public:
    explicit DriveApi(Store& store) : store_(store) {}
    Answer answer(const Request& request, const Route& route);

private:
    Answer get(const Request& request, const Route& route);
    Answer media(const Request& request, const Route& route);
    Answer exported(const Request& request, const Route& route);
    Answer export_link(const Request& request, const Route& route);
    Answer about(const Request& request);
    Answer drives(const Request& request, const Route& route);
    /// What `route` names, if the request may see it by id.
    ItemPtr named_item(const Request& request, const Route& route) const;
    /// The same; its bytes may just have become others (content-changes-before-media).
    ItemPtr media_item(const Request& request, const Route& route);
    void note_view(const Item& item);

    Store& store_;
    std::atomic<std::uint64_t> exports_{0};
    std::atomic<std::int64_t> media_changes_{0};
};

/// files.list.
Answer list_files(const Request& request, const Store& store);
/// changes.getStartPageToken and changes.list.
Answer start_page_token(const Request& request, const Store& store);
Answer list_changes(const Request& request, const Store& store);

/// The item, if this request may see it; else null. Takes the resource keys it brings into account.
ItemPtr visible_item(const Request& request, const Store& store, std::string_view id);
Answer file_not_found(std::string_view id);
/// pageSize, or what Drive takes where there is none; more than the most is the most. nullopt where
/// it is no number, or none that fits.
std::optional<std::size_t> page_size(const Request& request, std::size_t standard = 100,
                                     std::size_t most = 1000);
/// True where the request says that it knows of shared drives.
bool supports_all_drives(const Request& request);

}  // namespace emulator
