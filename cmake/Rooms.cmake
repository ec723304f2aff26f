# room(NAME [DEPS other rooms ...] [LIBS public libraries ...] [PRIVATE_LIBS ...])
# One static library a room, of all its .cpp files, so that none can forget the warnings or the
# sanitizers.
function(room name)
  cmake_parse_arguments(ROOM "" "" "DEPS;LIBS;PRIVATE_LIBS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
  add_library(gds_${name} STATIC ${sources})
  add_library(gds::${name} ALIAS gds_${name})
  target_link_libraries(gds_${name} PUBLIC gds_settings)
  foreach(dep IN LISTS ROOM_DEPS)
    target_link_libraries(gds_${name} PUBLIC gds::${dep})
  endforeach()
  target_link_libraries(gds_${name} PUBLIC ${ROOM_LIBS} PRIVATE ${ROOM_PRIVATE_LIBS})
endfunction()

# program(NAME main.cpp): what is installed. All but libc is linked in: with shared libraries thousands of
# symbols are looked up by name at each start, and every run holds the pages that this changes.
function(program name main)
  add_executable(${name} ${main})
  target_link_libraries(${name} PRIVATE gds::cli)
  if(NOT GDS_SANITIZE)
    set_target_properties(${name} PROPERTIES GDS_STANDALONE ON)
    target_link_options(${name} PRIVATE -static-libstdc++ -static-libgcc -Wl,--gc-sections)
  endif()
  install(TARGETS ${name})
endfunction()

# room_test(NAME DEPS rooms ... [LIBS ...]): one test program a room, of all *_test.cpp files here.
function(room_test name)
  cmake_parse_arguments(TEST "" "" "DEPS;LIBS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
  add_executable(${name}_test ${sources})
  target_include_directories(${name}_test PRIVATE ${PROJECT_SOURCE_DIR}/tests)
  # What takes long in a test is to optimise it, and to read its headers.
  set_target_properties(${name}_test PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 12)
  target_compile_options(${name}_test PRIVATE -O0 -U_FORTIFY_SOURCE)
  foreach(dep IN LISTS TEST_DEPS)
    target_link_libraries(${name}_test PRIVATE gds::${dep})
  endforeach()
  target_link_libraries(${name}_test PRIVATE gds_settings ${TEST_LIBS} GTest::gmock GTest::gtest_main)
  add_test(NAME ${name} COMMAND ${name}_test)
  set_tests_properties(${name} PROPERTIES TIMEOUT 600)
endfunction()
