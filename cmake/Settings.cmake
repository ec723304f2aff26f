# Compiler settings shared by every target; rooms get them through room().

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE RelWithDebInfo)
endif()

set(GDS_SANITIZE "" CACHE STRING "value for -fsanitize, such as address,undefined or thread")
option(GDS_WERROR "treat warnings as errors" ON)

find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()

add_library(gds_settings INTERFACE)
target_include_directories(gds_settings INTERFACE ${PROJECT_SOURCE_DIR}/include)
target_compile_options(gds_settings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor -Wold-style-cast
  -Woverloaded-virtual -Wimplicit-fallthrough -Wformat=2
  $<$<BOOL:${GDS_WERROR}>:-Werror>
  -fstack-protector-strong)
target_compile_definitions(gds_settings INTERFACE
  GDS_VERSION="${PROJECT_VERSION}" _GLIBCXX_ASSERTIONS)
target_link_options(gds_settings INTERFACE -Wl,-z,relro,-z,now -Wl,--as-needed)
if(GDS_SANITIZE)
  target_compile_options(gds_settings INTERFACE
    -fsanitize=${GDS_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(gds_settings INTERFACE -fsanitize=${GDS_SANITIZE})
else()
  target_compile_definitions(gds_settings INTERFACE $<$<NOT:$<CONFIG:Debug>>:_FORTIFY_SOURCE=2>)
endif()
