#pragma once

#include "http.h"
#include "routes.h"

#include <cstdint>
#include <deque>
#include <fstream>
#include <map>
#include <mutex>
#include <nlohmann/json_fwd.hpp>
#include <string>

namespace emulator {

/// What was asked and answered: counters of everything, and the last requests one by one.
class RequestLog {
public:
    explicit RequestLog(std::size_t limit) : limit_(limit) {}

    /// Write each request and each JSON answer as a line of JSON to that file too.
    bool record_to(const std::string& path);
    void add(const Request& request, const Route& route, const Answer& answer, bool faulty,
             std::int64_t now_ms);
    void reset();
    /// Entries numbered from `since` on, at most `limit`, of one label unless that is empty.
    [[nodiscard]] nlohmann::json entries(std::uint64_t since, const std::string& label,
                                         std::size_t limit) const;
    /// {"requests", "bytes", "by_label", "by_method", "by_status", "writes"}.
    [[nodiscard]] nlohmann::json counters() const;

private:
    struct Entry {
        std::uint64_t number = 0;
        std::int64_t time_ms = 0;
        std::string label, id, method, via, host, target;
        std::map<std::string, std::string> headers;
        int status = 0;
        std::int64_t bytes = 0;
        bool faulty = false;
    };
    void write_line(const Entry& entry, const Answer& answer);
    static nlohmann::json entry_json(const Entry& entry);

    mutable std::mutex mutex_;
    std::size_t limit_;
    std::deque<Entry> entries_;
    std::uint64_t next_number_ = 1;
    std::uint64_t requests_ = 0;
    std::int64_t bytes_ = 0;
    std::map<std::string, std::uint64_t> by_label_, by_method_;
    std::map<int, std::uint64_t> by_status_;
    std::ofstream file_;
};

}  // namespace emulator
