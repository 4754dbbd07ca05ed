// CINI: inih (https://github.com/benhoyt/inih), the reader of "[section]" and "key = value" files.
//
// Exposes one call, hookswitch_ini_parse: the library's settings are process-wide variables in Debian's build, which Swift may
// not touch; the wrapper sets them, each time to the same values, and parses. The caller keeps it to one thread at a time.
// Lines are given by a call-back, so that the caller knows the number of the line that a value came from: Debian's build
// of inih 55 does not tell it. No logic beyond that.
#pragma once
#include <ini.h>
#include <stddef.h>

/// Longest line, with line end and terminator. inih keeps the line on the stack.
#define HOOKSWITCH_INI_MAX_LINE 16384

/// Parses what `reader` gives. Returns 0, or the number of the first line that is neither section, setting nor comment, or -2.
static inline int hookswitch_ini_parse(ini_reader reader, void *stream, ini_handler handler, void *user) {
    // Off: an indented line is a setting like any other, not the continuation of the value above it.
    ini_allow_multiline = false;
    ini_allow_bom = true;
    ini_allow_inline_comments = true;
    ini_inline_comment_prefixes = ";";
    ini_start_comment_prefixes = ";";
    ini_use_stack = true;
    ini_max_line = HOOKSWITCH_INI_MAX_LINE;
    ini_allow_no_value = false;
    ini_stop_on_first_error = true;
    return ini_parse_stream(reader, stream, handler, user);
}
