# gds_curl and gds_openssl: libcurl for HTTP and HTTPS, and OpenSSL. A target with the property
# GDS_STANDALONE has them linked in, any other loads the shared libraries.
#
# Debian's shared libcurl brings along thirty more, among them those of LDAP, Kerberos, RTMP and SSH and
# a second TLS. Loading them is most of what a run with nothing to do takes, all are to be kept up to date
# in an image, and none does anything here. The archive needs them by name only.

find_package(CURL REQUIRED)
find_package(OpenSSL REQUIRED)

# interchangeable(NAME SHARED libraries ... ARCHIVES names ... [WITH libraries ...])
function(interchangeable name)
  cmake_parse_arguments(LIB "" "" "SHARED;ARCHIVES;WITH" ${ARGN})
  set(archives)
  foreach(archive IN LISTS LIB_ARCHIVES)
    find_library(${archive}_ARCHIVE lib${archive}.a REQUIRED)
    list(APPEND archives ${${archive}_ARCHIVE})
  endforeach()
  add_library(${name} INTERFACE)
  target_link_libraries(${name} INTERFACE
    "$<IF:$<BOOL:$<TARGET_PROPERTY:GDS_STANDALONE>>,${archives};${LIB_WITH},${LIB_SHARED}>")
endfunction()

interchangeable(gds_openssl SHARED OpenSSL::SSL OpenSSL::Crypto ARCHIVES ssl crypto)
interchangeable(gds_curl SHARED CURL::libcurl OpenSSL::SSL OpenSSL::Crypto WITH gds_unspoken
  ARCHIVES curl nghttp2 psl idn2 unistring brotlidec brotlicommon zstd z ssl crypto)

set(unspoken ${CMAKE_BINARY_DIR}/unspoken.cpp)
add_custom_command(OUTPUT ${unspoken}
  COMMAND ${PROJECT_SOURCE_DIR}/cmake/unspoken.py --nm ${CMAKE_NM} ${curl_ARCHIVE} ${unspoken}
  DEPENDS ${PROJECT_SOURCE_DIR}/cmake/unspoken.py ${curl_ARCHIVE}
  VERBATIM)
add_library(gds_unspoken STATIC ${unspoken})
