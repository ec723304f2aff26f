#pragma once

namespace gds::transfer {

/// This process's umask, read without changing it where the kernel tells (Linux 4.7).
unsigned current_umask();

}  // namespace gds::transfer
