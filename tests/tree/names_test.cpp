#include "gds/tree/names.h"

#include "gds/base/text.h"
#include "support.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <set>

namespace gds::tree {
namespace {

using namespace std::string_literals;

/// Names made of what the encoding cares about, and of what it must leave alone.
rc::Gen<std::string> any_name() {
    const auto piece = rc::gen::element<std::string>(
        "/", "\0"s, ".", "‛", "␀", "／", "．", "a", "B", "~", " ", "é", "日", "😀", "\xff", "\xc3",
        "\xa9", "\n", "\x7f", "4", "FF", ".txt", "\\", ":");
    return rc::gen::map(rc::gen::container<std::vector<std::string>>(piece),
                        [](const auto& pieces) {
                            std::string name;
                            for (const auto& each : pieces) {
                                name += each;
                            }
                            return name;
                        });
}

bool is_local_name(const std::string& name) {
    return !name.empty() && name != "." && name != ".." && name.find('/') == std::string::npos &&
           name.find('\0') == std::string::npos;
}

// What rclone 1.60.1 and 1.74 make of these Drive names, found by running their encoder.
TEST(IsAmbiguous, WhereAnotherDriveNameMayLieBehind) {
    EXPECT_TRUE(is_ambiguous("cut\uFFFD.txt"));
    for (const char* name : {"same~1b8c37e3.txt", "~", "\u201Bx", "a\u2400b"}) {
        EXPECT_TRUE(is_ambiguous(name)) << name;
    }
    for (const char* name : {"file.txt", "a\uFF0Fb", "\uFF0E\uFF0E", "Caf\u00E9"}) {
        EXPECT_FALSE(is_ambiguous(name)) << name;
    }
}

TEST(EncodeName, NamesFilesAsRcloneDoes) {
    const std::vector<std::pair<std::string, std::string>> table = {
        {"a/b", "a／b"},
        {"/", "／"},
        {"a\0b"s, "a␀b"},
        {".", "．"},
        {"..", "．．"},
        {"...", "..."},
        {"．", "‛．"},
        {"．．", "‛．‛．"},
        {"．．．", "．．．"},
        {"a．", "a．"},
        {"／", "‛／"},
        {"‛", "‛‛"},
        {"‛‛", "‛‛"},
        {"‛‛‛", "‛‛‛‛"},
        {"‛／", "‛‛‛／"},
        {"‛.", "‛‛."},
        {"‛．", "‛‛．"},
        {"‛．‛．", "‛‛．‛‛．"},
        {"␀", "␀"},
        {"‛␀", "‛␀"},
        {"‛‛␀", "‛‛␀"},
        {"a␀b", "a␀b"},
        {"‛a", "‛‛a"},
        {"‛/", "‛‛／"},
        {"‛‛/", "‛‛／"},
        {"/‛", "／‛‛"},
        {"‛／‛", "‛‛‛／‛‛"},
        {"../x", "..／x"},
        {"␁", "␁"},
        {"\x01\x7f\n\t", "\x01\x7f\n\t"},
        {" ~x. ", " ~x. "},
        {"a\\b:c*?\"<>|", "a\\b:c*?\"<>|"},
        {"＼", "＼"},
        {"\uFFFD", "\uFFFD"},
        {"résumé 日本 😀.pdf", "résumé 日本 😀.pdf"},
    };
    for (const auto& [drive, local] : table) {
        EXPECT_EQ(encode_name(drive), local) << "of " << printable(drive);
    }
}

TEST(EncodeDocumentName, IsWholeOnlyWithoutItsExtension) {
    const std::vector<std::pair<std::string, std::string>> table = {
        {"Plan", "Plan.docx"}, {".", "．.docx"},          {"..", "．．.docx"},
        {"．", "‛‛．.docx"},   {"．．", "‛‛．‛‛．.docx"}, {"‛．", "‛‛．.docx"},
        {"‛", "‛‛.docx"},      {"‛␀", "‛␀.docx"},         {"", "‛.docx"},
    };
    for (const auto& [drive, local] : table) {
        EXPECT_EQ(encode_document_name(drive, "docx"), local) << drive;
    }
}

TEST(EncodeName, NeverGivesAnEmptyNameOrBytesThatAreNotUtf8) {
    EXPECT_EQ(encode_name(""), "‛");
    EXPECT_EQ(encode_name("caf\xe9"), "caf‛E9");
    EXPECT_EQ(encode_name("‛E9"), "‛‛E9");
    EXPECT_EQ(encode_name("\xed\xa0\x80"), "‛ED‛A0‛80");
}

TEST(DecodeName, UndoesTheEncoding) {
    for (const std::string name : {"", "a/b", ".", "..", "．", "．．", "／", "␀", "‛␀", "...",
                                   "caf\xe9", "日本.txt", "/／/"}) {
        EXPECT_EQ(decode_name(encode_name(name)), name) << printable(name);
    }
}

RC_GTEST_PROP(EncodeName, MakesUsableNames, ()) {
    const auto local = encode_name(*any_name());
    RC_ASSERT(is_local_name(local));
    RC_ASSERT(is_utf8(local));
}

RC_GTEST_PROP(DecodeName, GivesANameThatEncodesToTheSame, ()) {
    const auto local = encode_name(*any_name());
    RC_ASSERT(encode_name(decode_name(local)) == local);
}

// rclone reads a local directory the way it reads Drive (encoding InvalidUtf8) and writes another.
// Names with U+201B are left out: rclone cannot find these files again. So are '/' and NUL.
TEST(EncodeName, AgreesWithTheInstalledRclone) {
    const TempDir dir;
    const std::vector<std::string> names = {
        "．",       "．．", "．．．", "／",       "a／b",      "␀",         "a␀",
        "␁␊",       "␡",    "a．",    "．a",      "...",       "..a",       " lead",
        "end ",     "dot.", "~x",     "＼",       "tab\there", "line\nend", "\x7f",
        "日本.txt", "😀",    "c:",     "q?*<>|\"", "\\n",       "\uFFFD",
    };
    std::set<std::string> expected;
    for (const auto& name : names) {
        dir.write("drive/" + name, "x");
        expected.insert(encode_name(name));
    }
    const auto ran =
        rclone({"copy", ":local,encoding=InvalidUtf8:" + (dir.path() / "drive").string(),
                (dir.path() / "mirror").string()});
    ASSERT_EQ(ran.status, 0);
    std::set<std::string> found;
    for (const auto& entry : std::filesystem::directory_iterator(dir.path() / "mirror")) {
        found.insert(entry.path().filename());
    }
    EXPECT_EQ(found, expected);
}

TEST(ShortenName, LeavesNamesThatFit) {
    const std::string name(kMaxNameBytes, 'x');
    EXPECT_EQ(shorten_name(name, "id"), name);
    EXPECT_EQ(shorten_name("a.txt", "id"), "a.txt");
}

TEST(ShortenName, KeepsTheExtensionUpToSixteenBytes) {
    const std::string stem(300, 'x');
    EXPECT_TRUE(shorten_name(stem + ".tar", "id").ends_with(".tar"));
    EXPECT_TRUE(shorten_name(stem + ".123456789012345", "id").ends_with(".123456789012345"));
    EXPECT_EQ(shorten_name(stem + ".1234567890123456", "id").find('.'), std::string::npos);
    EXPECT_EQ(shorten_name("." + stem, "id").find('~'), kMaxNameBytes - 9);
}

TEST(ShortenName, TellsIdsAndNamesApart) {
    const std::string name(300, 'x');
    EXPECT_NE(shorten_name(name, "one"), shorten_name(name, "two"));
    EXPECT_NE(shorten_name(name, "one"), shorten_name(name + "x", "one"));
    EXPECT_EQ(shorten_name(name, "one"), shorten_name(name, "one"));
}

RC_GTEST_PROP(ShortenName, CutsBetweenCharacters, ()) {
    const auto repeat = *rc::gen::inRange(1, 90);
    const auto unit = *any_name();
    std::string name = "x";
    for (int i = 0; i < repeat; ++i) {
        name += encode_name(unit);
    }
    const auto shortened = shorten_name(name, *any_name());
    RC_ASSERT(shortened.size() <= kMaxNameBytes);
    RC_ASSERT(is_utf8(shortened));
    RC_ASSERT(is_local_name(shortened));
    RC_ASSERT((shortened == name) == (name.size() <= kMaxNameBytes));
}

RC_GTEST_PROP(ShortenName, EndsForNamesThatAreNotUtf8, (const std::string& bytes)) {
    RC_ASSERT(shorten_name(std::string(300, '\x80') + bytes, "id").size() <= kMaxNameBytes);
}

TEST(DuplicateName, PutsTheIdBeforeTheExtension) {
    EXPECT_EQ(duplicate_name("report.pdf", "1AbCdEfGhIj", 8), "report~1AbCdEfG.pdf");
    EXPECT_EQ(duplicate_name("a.tar.gz", "1AbCdEfGhIj", 8), "a.tar~1AbCdEfG.gz");
    EXPECT_EQ(duplicate_name("README", "1AbCdEfGhIj", 9), "README~1AbCdEfGh");
    EXPECT_EQ(duplicate_name(".bashrc", "1AbCdEfGhIj", 8), ".bashrc~1AbCdEfG");
    EXPECT_EQ(duplicate_name("end.", "1AbCdEfGhIj", 8), "end~1AbCdEfG.");
}

TEST(WithoutId, UndoesADuplicate) {
    EXPECT_EQ(without_id("a~1AbCdEfG.txt"), "a.txt");
    EXPECT_EQ(without_id("a~b~1AbCdEfG.txt"), "a~b.txt");
    EXPECT_EQ(without_id("README~1AbCdEfG"), "README");
    EXPECT_EQ(without_id("a.txt"), "a.txt");
}

TEST(MayBecome, KnowsWhatSettlingMakes) {
    EXPECT_TRUE(may_become("a.txt", "1AbCdEfGhIj", "a.txt"));
    EXPECT_TRUE(may_become("a.txt", "1AbCdEfGhIj", "a~1AbCdEfG.txt"));
    EXPECT_TRUE(may_become("a.txt", "1AbCdEfGhIj", "a~1AbCdEfGhIj.txt"));
    EXPECT_TRUE(may_become(".nfs1", "1AbCdEfGhIj", "\uFF0Enfs1~1AbCdEfG"));
    EXPECT_FALSE(may_become("a.txt", "1AbCdEfGhIj", "a~2AbCdEfG.txt"));
    EXPECT_FALSE(may_become("a.txt", "1AbCdEfGhIj", "b.txt"));
}

TEST(DuplicateName, CountsOnPastTheEndOfTheId) {
    EXPECT_EQ(duplicate_name("a.txt", "abc", 3), "a~abc.txt");
    EXPECT_EQ(duplicate_name("a.txt", "abc", 4), "a~abc~2.txt");
    EXPECT_EQ(duplicate_name("a.txt", "abc", 5), "a~abc~3.txt");
}

TEST(DuplicateName, HoldsNothingOfAnIdThatIsNoFileName) {
    EXPECT_EQ(duplicate_name("a", "x/../\0y"s, 7), "a~x_____y");
}

TEST(Precedes, FolderThenLaterThenGreaterId) {
    const Claim folder{"n", "a", true, 1, false};
    const Claim late{"n", "a", false, 9, false};
    const Claim early{"n", "b", false, 5, false};
    const Claim early_greater{"n", "c", false, 5, false};
    EXPECT_TRUE(precedes(folder, late));
    EXPECT_TRUE(precedes(late, early_greater));
    EXPECT_TRUE(precedes(early_greater, early));
    EXPECT_FALSE(precedes(early, early));
}

bool nothing_taken(const std::string& /*name*/) {
    return false;
}

TEST(Settle, NewestKeepsTheName) {
    const std::vector<Claim> claims = {{"a.txt", "1old56789", false, 1, false},
                                       {"a.txt", "1new56789", false, 2, false}};
    const std::vector<std::string> expected = {"a~1old5678.txt", "a.txt"};
    EXPECT_EQ(settle(claims, nothing_taken), expected);
}

TEST(Settle, LengthensAPrefixThatAnotherFileHolds) {
    const std::vector<Claim> claims = {{"a.txt", "1old56789", false, 1, false},
                                       {"a.txt", "1new56789", false, 2, false}};
    const auto taken = [](const std::string& name) { return name == "a~1old5678.txt"; };
    EXPECT_EQ(settle(claims, taken).front(), "a~1old56789.txt");
}

TEST(Settle, LengthensPrefixesThatMeet) {
    const std::vector<Claim> claims = {{"a", "12345678AA", false, 1, false},
                                       {"a", "12345678AB", false, 2, false},
                                       {"a", "12345678A", false, 3, false},
                                       {"a", "9", false, 4, false}};
    const std::vector<std::string> expected = {"a~12345678A", "a~12345678AB", "a~12345678", "a"};
    EXPECT_EQ(settle(claims, nothing_taken), expected);
}

TEST(Settle, DuplicatesKeepTheirNamesWhenOneOfThemChanges) {
    std::vector<Claim> claims = {{"a", "12345678AA", false, 1, false},
                                 {"a", "12345678AB", false, 2, false},
                                 {"a", "9", false, 9, false}};
    const auto before = settle(claims, nothing_taken);
    claims[0].modified_ms = 5;
    EXPECT_EQ(settle(claims, nothing_taken), before);
}

TEST(Settle, ReservedNamesAreNeverKept) {
    const std::vector<Claim> claims = {{".gdrive-sync", "1abcdefgh", true, 1, true}};
    EXPECT_EQ(settle(claims, nothing_taken).front(), ".gdrive-sync~1abcdefg");
}

TEST(Settle, NfsNamesLeaveTheReservedNamespace) {
    const std::vector<Claim> claims = {{".nfs01.txt", "1abcdefgh", false, 1, true}};
    EXPECT_EQ(settle(claims, nothing_taken).front(), "．nfs01~1abcdefg.txt");
}

TEST(Settle, OneFileTwiceInAFolderGetsTwoNames) {
    const Claim claim{"a.txt", "1abcdefgh", false, 1, false};
    const auto names = settle({claim, claim, claim}, nothing_taken);
    const std::set<std::string> distinct(names.begin(), names.end());
    EXPECT_EQ(distinct, (std::set<std::string>{"a.txt", "a~1abcdefg.txt", "a~1abcdefgh.txt"}));
}

/// Claims to one name with ids that share long prefixes, and names near the limit.
rc::Gen<std::vector<Claim>> any_claims(const std::string& name) {
    const auto id = rc::gen::container<std::string>(rc::gen::elementOf("ab"s));
    const auto long_id = rc::gen::map(id, [](const std::string& tail) { return "1234567" + tail; });
    const auto claim = rc::gen::apply(
        [name](const std::string& any_id, bool folder, int time, bool reserved) {
            return Claim{name, any_id, folder, time, reserved};
        },
        rc::gen::oneOf(id, long_id), rc::gen::arbitrary<bool>(), rc::gen::inRange(0, 3),
        rc::gen::map(rc::gen::inRange(0, 10), [](int one_in_ten) { return one_in_ten == 0; }));
    return rc::gen::uniqueBy<std::vector<Claim>>(claim, [](const Claim& each) { return each.id; });
}

rc::Gen<std::string> any_plain_name() {
    return rc::gen::element<std::string>("a", "a.txt", ".nfs1", "a~1234567a.txt",
                                         std::string(254, 'x'), std::string(250, 'x') + ".txt",
                                         "日.日");
}

RC_GTEST_PROP(Settle, GivesEveryClaimItsOwnUsableName, ()) {
    const auto name = *any_plain_name();
    const auto claims = *any_claims(name);
    // Plain names of the folder that look like duplicates of this one.
    const auto lengths = *rc::gen::container<std::vector<int>>(rc::gen::inRange(1, 12));
    std::set<std::string> plain = {name};
    for (std::size_t i = 0; i < lengths.size() && !claims.empty(); ++i) {
        const auto& id = claims[i % claims.size()].id;
        plain.insert(duplicate_name(name, id, static_cast<std::size_t>(lengths[i])));
    }
    const auto names = settle(claims, [&](const std::string& n) { return plain.contains(n); });
    std::set<std::string> distinct;
    for (std::size_t i = 0; i < claims.size(); ++i) {
        RC_ASSERT(distinct.insert(names[i]).second);
        RC_ASSERT(names[i] == name || !plain.contains(names[i]));
        RC_ASSERT(names[i] != name || !claims[i].reserved);
        RC_ASSERT(names[i].size() <= kMaxNameBytes);
        RC_ASSERT(is_local_name(names[i]) && is_utf8(names[i]));
    }
}

RC_GTEST_PROP(Settle, DoesNotDependOnTheOrder, ()) {
    const auto claims = *any_claims(*any_plain_name());
    const auto names = settle(claims, nothing_taken);
    auto reversed = claims;
    std::reverse(reversed.begin(), reversed.end());
    auto other = settle(reversed, nothing_taken);
    std::reverse(other.begin(), other.end());
    RC_ASSERT(names == other);

    auto rotated = claims;
    const auto by = claims.empty() ? 0 : *rc::gen::inRange<std::size_t>(0, claims.size());
    const auto middle = static_cast<std::ptrdiff_t>(by);
    std::rotate(rotated.begin(), rotated.begin() + middle, rotated.end());
    auto third = settle(rotated, nothing_taken);
    std::rotate(third.begin(), third.end() - middle, third.end());
    RC_ASSERT(names == third);
}

RC_GTEST_PROP(Settle, TheFirstUnreservedClaimKeepsTheName, ()) {
    const auto name = *any_plain_name();
    const auto claims = *any_claims(name);
    const auto names = settle(claims, nothing_taken);
    for (std::size_t i = 0; i < claims.size(); ++i) {
        const bool beaten = std::any_of(claims.begin(), claims.end(), [&](const Claim& other) {
            return !other.reserved && precedes(other, claims[i]);
        });
        RC_ASSERT((names[i] == name) == (!claims[i].reserved && !beaten));
    }
}

}  // namespace
}  // namespace gds::tree
