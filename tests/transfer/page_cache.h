#pragma once

#include "gds/base/fd.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

namespace gds::transfer::testing {

/// Bytes of a file that the page cache holds.
inline std::size_t cached_bytes(const std::string& path) {
    const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    struct stat about {};
    EXPECT_EQ(::fstat(fd.get(), &about), 0);
    const auto size = static_cast<std::size_t>(about.st_size);
    const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    void* map = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, fd.get(), 0);
    std::vector<unsigned char> held((size + page - 1) / page);
    EXPECT_EQ(::mincore(map, size, held.data()), 0);
    EXPECT_EQ(::munmap(map, size), 0);
    return page * static_cast<std::size_t>(std::count_if(
                      held.begin(), held.end(), [](unsigned char one) { return (one & 1U) != 0; }));
}

}  // namespace gds::transfer::testing
