#include "content_range.h"
#include "gds/transfer/downloads.h"
#include "umask.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

namespace gds::transfer {
namespace {

TEST(ContentRange, ReadsWhatThe206Promises) {
    const auto range = parse_content_range("bytes 5-9/10");
    ASSERT_TRUE(range);
    EXPECT_EQ(range->first, 5);
    EXPECT_EQ(range->last, 9);
    EXPECT_EQ(range->total, 10);
    EXPECT_EQ(parse_content_range("bytes 5-9/*")->total, std::nullopt);
}

TEST(ContentRange, RefusesWhatContradictsItself) {
    for (const char* field : {"", "bytes", "bytes */10", "bytes 9-5/10", "bytes 0-10/10",
                              "bytes -5-9/10", "bytes 5-9", "items 5-9/10", "bytes 5-9/1x",
                              "bytes a-b/c", "bytes 5/9-10", "bytes 99999999999999999999-1/2"}) {
        EXPECT_FALSE(parse_content_range(field)) << field;
    }
}

TEST(Umask, IsReadWithoutChangingIt) {
    const mode_t before = ::umask(037);
    EXPECT_EQ(current_umask(), 037U);
    EXPECT_EQ(::umask(before), 037U);
}

struct ExportCase {
    const char* name;
    FormatCheck format;
    std::string content_type;
    std::string first;
    std::string last;
    bool accepted;
};

class ExportCheck : public ::testing::TestWithParam<ExportCase> {};

TEST_P(ExportCheck, JudgesTypeBeginningAndEnd) {
    const auto& each = GetParam();
    const auto checked = check_export(each.format, each.content_type, each.first, each.last);
    EXPECT_EQ(checked.has_value(), each.accepted);
    if (!checked) {
        EXPECT_EQ(checked.error().code, Code::bad_response);
    }
}

const FormatCheck kDocx{"application/vnd.docx", "docx"};
const FormatCheck kPdf{"application/pdf", "pdf"};
const FormatCheck kSvg{"image/svg+xml", "svg"};
const FormatCheck kPng{"image/png", "png"};
const FormatCheck kJpg{"image/jpeg", "jpg"};
const FormatCheck kTxt{"text/plain", "txt"};
const FormatCheck kHtml{"text/html", "html"};

INSTANTIATE_TEST_SUITE_P(
    Formats, ExportCheck,
    ::testing::Values(
        ExportCase{"zip", kDocx, "application/vnd.docx", "PK\x03\x04zz", "zzPK\x05\x06zz", true},
        ExportCase{"type_with_parameter_and_case", kDocx, "Application/VND.docx; charset=x",
                   "PK\x03\x04", "PK\x05\x06", true},
        ExportCase{"zip_cut_off", kDocx, "application/vnd.docx", "PK\x03\x04zz", "zz", false},
        ExportCase{"zip_empty", kDocx, "application/vnd.docx", "", "", false},
        ExportCase{"login_page", kDocx, "text/html; charset=utf-8", "<!DOCTYPE html>", "</html>",
                   false},
        ExportCase{"login_page_with_the_right_type", kDocx, "application/vnd.docx", "<html>",
                   "</html>", false},
        ExportCase{"no_type", kDocx, "", "PK\x03\x04", "PK\x05\x06", false},
        ExportCase{"pdf", kPdf, "application/pdf", "%PDF-1.7", "startxref\n1\n%%EOF\n", true},
        ExportCase{"pdf_cut_off", kPdf, "application/pdf", "%PDF-1.7", "stream", false},
        ExportCase{"svg", kSvg, "image/svg+xml", "\xef\xbb\xbf\n<?xml version=\"1.0\"?>",
                   "</g></svg>\n", true},
        ExportCase{"svg_bare", kSvg, "image/svg+xml", "<svg xmlns=", "</svg>", true},
        ExportCase{"svg_is_html", kSvg, "image/svg+xml", "<html>", "</html>", false},
        ExportCase{"png", kPng, "image/png", "\x89PNG\r\n\x1a\n", "IEND\xae", true},
        ExportCase{"png_is_text", kPng, "image/png", "hello", "IEND", false},
        ExportCase{"jpg", kJpg, "image/jpeg", "\xff\xd8\xff\xe0", "\xff\xd9", true},
        ExportCase{"txt", kTxt, "text/plain", "any", "thing", true},
        ExportCase{"txt_empty", kTxt, "text/plain", "", "", true},
        ExportCase{"txt_login_page", kTxt, "text/html", "<html>", "</html>", false},
        ExportCase{"html", kHtml, "text/html", "<html>", "</html>", true}),
    [](const auto& tested) { return std::string(tested.param.name); });

}  // namespace
}  // namespace gds::transfer
