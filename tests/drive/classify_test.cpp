#include "support.h"

#include <gtest/gtest.h>

namespace gds::drive {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::Json;
using ::testing::Not;
using testing::Reply;

Error verdict(const Reply& reply) {
    http::Response response;
    response.status = reply.status;
    response.body = reply.body;
    for (const auto& [name, value] : reply.headers) {
        response.headers.add(name, value);
    }
    return classify(response).value_or(Error{Code::internal, "accepted"});
}

TEST(Classify, AcceptsSuccess) {
    for (const int status : {200, 206}) {
        http::Response response;
        response.status = status;
        response.body = testing::refusal(403, "userRateLimitExceeded").body;
        EXPECT_FALSE(classify(response)) << status;
    }
}

struct Case {
    int status;
    const char* reason;
    Code code;
    const char* reported;
    bool permanent;
};

class ClassifyReason : public ::testing::TestWithParam<Case> {};

TEST_P(ClassifyReason, HasItsMeaning) {
    const Case& c = GetParam();
    const Error error = verdict(testing::refusal(c.status, c.reason, "Said so."));
    EXPECT_EQ(error.code, c.code) << code_label(error.code);
    EXPECT_EQ(error.reason, c.reported);
    EXPECT_EQ(error.http_status, c.status);
    EXPECT_EQ(is_permanent_refusal(error), c.permanent);
    EXPECT_THAT(error.message, HasSubstr("Said so."));
}

constexpr Code kDenied = Code::permission_denied;

INSTANTIATE_TEST_SUITE_P(
    Reasons, ClassifyReason,
    ::testing::Values(
        Case{403, "rateLimitExceeded", Code::rate_limited, "rateLimitExceeded", false},
        Case{403, "userRateLimitExceeded", Code::rate_limited, "userRateLimitExceeded", false},
        Case{403, "sharingRateLimitExceeded", Code::rate_limited, "sharingRateLimitExceeded",
             false},
        Case{403, "dailyLimitExceeded", Code::rate_limited, "dailyLimitExceeded", false},
        Case{403, "quotaExceeded", Code::rate_limited, "quotaExceeded", false},
        Case{429, "rateLimitExceeded", Code::rate_limited, "rateLimitExceeded", false},
        Case{429, "somethingNew", Code::rate_limited, "somethingNew", false},
        Case{403, "downloadQuotaExceeded", kDenied, "downloadQuotaExceeded", false},
        Case{403, "exportSizeLimitExceeded", kDenied, "exportSizeLimitExceeded", false},
        Case{403, "cannotDownloadAbusiveFile", kDenied, "cannotDownloadAbusiveFile", true},
        Case{403, "cannotDownloadFile", kDenied, "cannotDownloadFile", true},
        Case{403, "cannotExportFile", kDenied, "cannotExportFile", true},
        Case{403, "fileNotDownloadable", kDenied, "fileNotDownloadable", true},
        Case{403, "fileNotExportable", kDenied, "fileNotExportable", true},
        Case{403, "insufficientFilePermissions", kDenied, "insufficientFilePermissions", false},
        Case{403, "domainPolicy", kDenied, "domainPolicy", false},
        Case{403, "accessNotConfigured", kDenied, "accessNotConfigured", false},
        Case{403, "insufficientPermissions", Code::unauthenticated, "insufficient_scope", false},
        Case{403, "somethingNew", kDenied, "somethingNew", false},
        Case{401, "authError", Code::unauthenticated, "authError", false},
        Case{404, "notFound", Code::not_found, "notFound", false},
        Case{410, "deleted", Code::not_found, "deleted", false},
        Case{408, "timeout", Code::timeout, "timeout", false},
        Case{400, "badRequest", Code::invalid_argument, "badRequest", false},
        Case{500, "internalError", Code::unavailable, "internalError", false},
        Case{503, "userRateLimitExceeded", Code::unavailable, "userRateLimitExceeded", false}),
    [](const auto& instance) {
        return std::to_string(instance.param.status) + std::string(instance.param.reason);
    });

TEST(Classify, FindsReasonsInDetails) {
    const auto with_detail = [](const char* reason) {
        const Json detail = {{"@type", "type.googleapis.com/google.rpc.ErrorInfo"},
                             {"reason", reason}};
        const Json general = {{"reason", "forbidden"}, {"domain", "global"}};
        return Reply{.status = 403,
                     .body = Json{{"error",
                                   {{"code", 403},
                                    {"status", "PERMISSION_DENIED"},
                                    {"message", "No."},
                                    {"errors", Json::array({general})},
                                    {"details", Json::array({detail})}}}}
                                 .dump()};
    };
    const Error scope = verdict(with_detail("ACCESS_TOKEN_SCOPE_INSUFFICIENT"));
    EXPECT_EQ(scope.code, Code::unauthenticated);
    EXPECT_EQ(scope.reason, "insufficient_scope");
    EXPECT_THAT(scope.message, HasSubstr("drive.readonly"));
    const Error disabled = verdict(with_detail("SERVICE_DISABLED"));
    EXPECT_EQ(disabled.code, Code::permission_denied);
    EXPECT_THAT(disabled.message, HasSubstr("enable the Google Drive API"));
    EXPECT_EQ(verdict(with_detail("RATE_LIMIT_EXCEEDED")).code, Code::rate_limited);
}

TEST(Classify, ARateReasonOutweighsTheOthers) {
    Json body = Json::parse(testing::refusal(403, "forbidden").body);
    body["error"]["errors"].push_back({{"reason", "userRateLimitExceeded"}});
    EXPECT_EQ(verdict({.status = 403, .body = body.dump()}).code, Code::rate_limited);
}

TEST(Classify, JudgesOtherBodiesByStatus) {
    for (const char* body : {"", "<html>We're sorry</html>", "null", R"({"error": 5})",
                             R"({"error": "access_denied"})"}) {
        EXPECT_EQ(verdict({.status = 403, .body = body}).code, Code::permission_denied) << body;
        EXPECT_EQ(verdict({.status = 429, .body = body}).code, Code::rate_limited) << body;
        EXPECT_EQ(verdict({.status = 502, .body = body}).code, Code::unavailable) << body;
        EXPECT_EQ(verdict({.status = 404, .body = body}).code, Code::not_found) << body;
    }
}

TEST(Classify, A404ThatGoogleDidNotWriteProvesNothing) {
    EXPECT_TRUE(proves_absence(verdict(testing::refusal(404, "notFound"))));
    EXPECT_TRUE(proves_absence(verdict({.status = 404, .body = R"({"error": {"code": 404}})"})));
    for (const char* body : {"", " <html>Not Found</html>", "default backend - 404", "null",
                             R"({"message": "no Route matched with those values"})",
                             R"({"error": "not_found"})", R"({"error": {}})"}) {
        EXPECT_FALSE(proves_absence(verdict({.status = 404, .body = body}))) << body;
    }
    EXPECT_FALSE(proves_absence(verdict(testing::refusal(410, "gone"))));
    EXPECT_FALSE(proves_absence(verdict(testing::refusal(403, "forbidden"))));
}

TEST(Classify, KnowsARefusedPageToken) {
    const Error error = verdict(testing::token_refused());
    EXPECT_EQ(error.code, Code::invalid_argument);
    EXPECT_EQ(error.reason, "invalidPageToken");
}

TEST(Classify, KnowsAConversionThatDoesNotExist) {
    Json body = Json::parse(testing::token_refused().body);
    body["error"]["errors"][0]["location"] = "convertTo";
    const Error error = verdict({.status = 400, .body = body.dump()});
    EXPECT_EQ(error.reason, "fileNotExportable");
    EXPECT_TRUE(is_permanent_refusal(error));
}

TEST(Classify, KeepsRetryAfter) {
    Reply reply = testing::refusal(429, "rateLimitExceeded");
    reply.headers.emplace("Retry-After", "17");
    EXPECT_EQ(verdict(reply).retry_after, std::chrono::seconds(17));
    EXPECT_EQ(verdict(testing::refusal(429, "rateLimitExceeded")).retry_after, std::nullopt);
}

TEST(Classify, BoundsAndCleansGooglesText) {
    const Error error = verdict(testing::refusal(
        403, "forbidden", "\x1b[31m" + std::string(299, 'x') + "éééé" + std::string(9999, 'y')));
    EXPECT_LT(error.message.size(), 400U);
    EXPECT_THAT(error.message, Not(HasSubstr("\x1b")));
    EXPECT_THAT(error.message, Not(IsEmpty()));
}

TEST(PermanentRefusal, NeedsTheCodeToo) {
    Error error{Code::unavailable, "x"};
    error.reason = "cannotDownloadFile";
    EXPECT_FALSE(is_permanent_refusal(error));
    EXPECT_FALSE(is_permanent_refusal(Error{Code::permission_denied, "x"}));
}

TEST(ExportFormat, TakesTheFirstPreferenceThatFits) {
    const std::vector<std::string> usual = {"docx", "xlsx", "pptx", "svg"};
    const auto extension = [&](const char* type, const std::vector<std::string>& preferences) {
        const auto format =
            export_format(std::string("application/vnd.google-apps.") + type, preferences);
        return format ? format->extension : "none";
    };
    EXPECT_EQ(extension("document", usual), "docx");
    EXPECT_EQ(extension("spreadsheet", usual), "xlsx");
    EXPECT_EQ(extension("presentation", usual), "pptx");
    EXPECT_EQ(extension("drawing", usual), "svg");
    EXPECT_EQ(extension("script", usual), "none");
    EXPECT_EQ(extension("script", {"json"}), "json");
    EXPECT_EQ(extension("form", usual), "none");
    EXPECT_EQ(extension("document", {"csv", "pdf", "docx"}), "pdf");
    EXPECT_EQ(extension("drawing", {".JPEG"}), "jpg");
    EXPECT_EQ(extension("document", {}), "none");
    EXPECT_FALSE(export_format("application/pdf", {"pdf"}));
}

TEST(ExportFormat, GivesGooglesTypes) {
    EXPECT_EQ(export_format("application/vnd.google-apps.document", {"md"})->mime_type,
              "text/markdown");
    EXPECT_EQ(export_format("application/vnd.google-apps.spreadsheet", {"tsv"})->mime_type,
              "text/tab-separated-values");
}

TEST(ExportFormat, KnowsItsExtensions) {
    for (const char* extension : {"docx", ".pptx", "ODS", "epub", "json", "jpeg"}) {
        EXPECT_TRUE(is_export_extension(extension)) << extension;
    }
    for (const char* extension : {"", ".", "doc", "exe", "docxx"}) {
        EXPECT_FALSE(is_export_extension(extension)) << extension;
    }
}

}  // namespace
}  // namespace gds::drive
