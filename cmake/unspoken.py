#!/usr/bin/env python3
"""Writes a C++ source that stands in for the libraries of protocols which libcurl's archive can speak
and these programs never do (LDAP, RTMP, SSH, Kerberos): src/http has libcurl speak HTTP and HTTPS only.
What is called all the same ends the program."""

import argparse
import pathlib
import re
import subprocess

UNSPOKEN = re.compile(r"^ +U ((?:RTMP|ber|gss|ldap|libssh2)_\w+|GSS_C_\w+)$", re.MULTILINE)
# libcurl begins and ends these for every program, and curl_version() names them.
CALLED = {"libssh2_init": "int libssh2_init(int) { return 0; }",
          "libssh2_exit": "void libssh2_exit() {}",
          "libssh2_version": 'const char* libssh2_version(int) { return "none"; }',
          "ldap_get_option": "int ldap_get_option(void*, int, void*) { return -1; }"}


def stand_in(symbol):
    if symbol.startswith("GSS_C_"):
        return f"const void* {symbol} = nullptr;"
    return CALLED.get(symbol, f"void {symbol}() {{ std::abort(); }}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nm", default="nm")
    parser.add_argument("archive", type=pathlib.Path)
    parser.add_argument("source", type=pathlib.Path)
    options = parser.parse_args()
    names = subprocess.run([options.nm, "--undefined-only", options.archive],
                           stdout=subprocess.PIPE, text=True, check=True).stdout
    symbols = sorted(set(UNSPOKEN.findall(names)))
    lines = ["#include <cstdlib>", 'extern "C" {', *map(stand_in, symbols), "}", ""]
    options.source.write_text("\n".join(lines), encoding="utf-8")


if __name__ == "__main__":
    main()
