#include "export.h"

#include "zip.h"

#include <array>

namespace emulator {
namespace {

constexpr std::string_view kOffice = "application/vnd.openxmlformats-officedocument.";
constexpr auto kForms = std::to_array<ExportForm>({
    {"document", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", "docx"},
    {"document", "application/vnd.oasis.opendocument.text", "odt"},
    {"document", "application/rtf", "rtf"},
    {"document", "application/pdf", "pdf"},
    {"document", "text/plain", "txt"},
    {"document", "application/zip", "zip"},
    {"document", "application/epub+zip", "epub"},
    {"document", "text/markdown", "md"},
    {"spreadsheet", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx"},
    {"spreadsheet", "application/vnd.oasis.opendocument.spreadsheet", "ods"},
    {"spreadsheet", "application/pdf", "pdf"},
    {"spreadsheet", "text/csv", "csv"},
    {"spreadsheet", "text/tab-separated-values", "tsv"},
    {"spreadsheet", "application/zip", "zip"},
    {"presentation", "application/vnd.openxmlformats-officedocument.presentationml.presentation",
     "pptx"},
    {"presentation", "application/vnd.oasis.opendocument.presentation", "odp"},
    {"presentation", "application/pdf", "pdf"},
    {"presentation", "text/plain", "txt"},
    {"drawing", "image/svg+xml", "svg"},
    {"drawing", "image/png", "png"},
    {"drawing", "application/pdf", "pdf"},
    {"script", "application/vnd.google-apps.script+json", "json"},
});

std::string escape_xml(std::string_view text) {
    std::string out;
    for (const char c : text) {
        switch (c) {
            case '&': out += "&amp;"; break;
            case '<': out += "&lt;"; break;
            case '>': out += "&gt;"; break;
            default: out += c;
        }
    }
    return out;
}

constexpr std::string_view kXml = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n";
constexpr std::string_view kRelations =
    "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\">";
constexpr std::string_view kOfficeRelation =
    "http://schemas.openxmlformats.org/officeDocument/2006/relationships";

std::string relation(int number, std::string_view type, std::string_view target) {
    std::string out = "<Relationship Id=\"rId" + std::to_string(number) + "\" Type=\"";
    out.append(kOfficeRelation).append("/").append(type).append("\" Target=\"").append(target);
    return out + "\"/>";
}

/// The two parts that every Office Open XML package begins with (ECMA-376 part 2).
void add_package(Zip& zip, std::string_view main_part, std::string_view main_type,
                 const std::string& more_types) {
    std::string types(kXml);
    types +=
        "<Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\">"
        "<Default Extension=\"rels\" ContentType=\"application/vnd.openxmlformats-package."
        "relationships+xml\"/><Default Extension=\"xml\" ContentType=\"application/xml\"/>"
        "<Default Extension=\"bin\" ContentType=\"application/octet-stream\"/>"
        "<Override PartName=\"/";
    types.append(main_part).append("\" ContentType=\"").append(kOffice).append(main_type);
    types += ".main+xml\"/>" + more_types + "</Types>";
    zip.add("[Content_Types].xml", types);
    std::string relations(kXml);
    relations.append(kRelations).append(relation(1, "officeDocument", main_part));
    zip.add("_rels/.rels", relations + "</Relationships>");
}

void add_document(Zip& zip, const std::string& text) {
    add_package(zip, "word/document.xml", "wordprocessingml.document", "");
    zip.add("word/document.xml",
            std::string(kXml) +
                "<w:document xmlns:w=\"http://schemas.openxmlformats.org/wordprocessingml/2006/"
                "main\"><w:body><w:p><w:r><w:t xml:space=\"preserve\">" +
                text + "</w:t></w:r></w:p></w:body></w:document>");
}

void add_workbook(Zip& zip, const std::string& text) {
    add_package(zip, "xl/workbook.xml", "spreadsheetml.sheet",
                "<Override PartName=\"/xl/worksheets/sheet1.xml\" ContentType=\"" +
                    std::string(kOffice) + "spreadsheetml.worksheet+xml\"/>");
    const std::string space =
        " xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\"";
    zip.add("xl/workbook.xml",
            std::string(kXml) + "<workbook" + space + " xmlns:r=\"" + std::string(kOfficeRelation) +
                "\"><sheets><sheet name=\"Sheet1\" sheetId=\"1\" r:id=\"rId1\"/></sheets>"
                "</workbook>");
    std::string relations(kXml);
    relations.append(kRelations).append(relation(1, "worksheet", "worksheets/sheet1.xml"));
    zip.add("xl/_rels/workbook.xml.rels", relations + "</Relationships>");
    zip.add("xl/worksheets/sheet1.xml",
            std::string(kXml) + "<worksheet" + space +
                "><sheetData><row r=\"1\"><c r=\"A1\" t=\"inlineStr\"><is><t>" + text +
                "</t></is></c></row></sheetData></worksheet>");
}

void add_presentation(Zip& zip, const std::string& text) {
    add_package(zip, "ppt/presentation.xml", "presentationml.presentation",
                "<Override PartName=\"/ppt/slides/slide1.xml\" ContentType=\"" +
                    std::string(kOffice) + "presentationml.slide+xml\"/>");
    const std::string spaces =
        " xmlns:p=\"http://schemas.openxmlformats.org/presentationml/2006/main\""
        " xmlns:a=\"http://schemas.openxmlformats.org/drawingml/2006/main\" xmlns:r=\"" +
        std::string(kOfficeRelation) + "\"";
    zip.add("ppt/presentation.xml",
            std::string(kXml) + "<p:presentation" + spaces +
                "><p:sldIdLst><p:sldId id=\"256\" r:id=\"rId1\"/></p:sldIdLst><p:notesSz "
                "cx=\"6858000\" cy=\"9144000\"/></p:presentation>");
    std::string relations(kXml);
    relations.append(kRelations).append(relation(1, "slide", "slides/slide1.xml"));
    zip.add("ppt/_rels/presentation.xml.rels", relations + "</Relationships>");
    zip.add("ppt/slides/slide1.xml",
            std::string(kXml) + "<p:sld" + spaces +
                "><p:cSld><p:spTree><p:nvGrpSpPr><p:cNvPr id=\"1\" name=\"\"/><p:cNvGrpSpPr/>"
                "<p:nvPr/></p:nvGrpSpPr><p:grpSpPr/><p:sp><p:nvSpPr><p:cNvPr id=\"2\" "
                "name=\"Text\"/><p:cNvSpPr/><p:nvPr/></p:nvSpPr><p:spPr/><p:txBody><a:bodyPr/>"
                "<a:p><a:r><a:t>" +
                text + "</a:t></a:r></a:p></p:txBody></p:sp></p:spTree></p:cSld></p:sld>");
}

/// OpenDocument and EPUB begin with a part that names the type.
void add_typed(Zip& zip, const ExportForm& form, const std::string& text) {
    zip.add("mimetype", form.mime_type);
    if (form.extension == "epub") {
        zip.add("META-INF/container.xml",
                "<container version=\"1.0\" xmlns=\"urn:oasis:names:tc:opendocument:xmlns:"
                "container\"><rootfiles><rootfile full-path=\"content.opf\" media-type="
                "\"application/oebps-package+xml\"/></rootfiles></container>");
        zip.add("content.opf", "<package xmlns=\"http://www.idpf.org/2007/opf\" version=\"3.0\"/>");
        zip.add("text.xhtml",
                "<html xmlns=\"http://www.w3.org/1999/xhtml\"><body>" + text + "</body></html>");
        return;
    }
    zip.add("META-INF/manifest.xml",
            "<manifest:manifest xmlns:manifest=\"urn:oasis:names:tc:opendocument:xmlns:"
            "manifest:1.0\"><manifest:file-entry manifest:full-path=\"/\" manifest:media-type=\"" +
                std::string(form.mime_type) +
                "\"/><manifest:file-entry manifest:full-path=\"content.xml\" "
                "manifest:media-type=\"text/xml\"/></manifest:manifest>");
    zip.add("content.xml",
            "<office:document-content xmlns:office=\"urn:oasis:names:tc:opendocument:xmlns:"
            "office:1.0\" xmlns:text=\"urn:oasis:names:tc:opendocument:xmlns:text:1.0\" "
            "office:version=\"1.2\"><office:body><office:text><text:p>" +
                text + "</text:p></office:text></office:body></office:document-content>");
}

std::string render_archive(const ExportForm& form, const std::string& text,
                           const std::string& padding, std::uint64_t serial) {
    Zip zip(static_cast<std::uint16_t>(serial & 0xb000U) | static_cast<std::uint16_t>(serial % 29));
    if (form.extension == "docx") {
        add_document(zip, text);
    } else if (form.extension == "xlsx") {
        add_workbook(zip, text);
    } else if (form.extension == "pptx") {
        add_presentation(zip, text);
    } else if (form.extension == "zip") {
        zip.add("index.html", "<html><body>" + text + "</body></html>");
    } else {
        add_typed(zip, form, text);
    }
    if (!padding.empty()) {
        zip.add("media/padding.bin", padding);
    }
    return zip.finish();
}

std::string render_pdf(const std::string& text, const std::string& padding, std::uint64_t serial) {
    std::string out = "%PDF-1.4\n";
    std::array<std::size_t, 5> offsets{};
    const std::string page = "BT /F1 12 Tf 72 720 Td (" + std::to_string(text.size()) + ") Tj ET";
    const std::array<std::string, 5> objects = {
        "<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R >>",
        "<< /Length " + std::to_string(page.size()) + " >>\nstream\n" + page + "\nendstream",
        "<< /Producer (export " + std::to_string(serial) + ") >>"};
    for (std::size_t n = 0; n < objects.size(); ++n) {
        offsets.at(n) = out.size();
        out += std::to_string(n + 1) + " 0 obj\n" + objects.at(n) + "\nendobj\n";
    }
    if (!padding.empty()) {
        out += "%" + to_hex(padding).substr(0, padding.size()) + "\n";
    }
    const std::size_t table = out.size();
    out += "xref\n0 6\n0000000000 65535 f \n";
    for (const std::size_t offset : offsets) {
        const std::string digits = std::to_string(offset);
        out += std::string(10 - digits.size(), '0') + digits + " 00000 n \n";
    }
    return out + "trailer\n<< /Size 6 /Root 1 0 R /Info 5 0 R >>\nstartxref\n" +
           std::to_string(table) + "\n%%EOF\n";
}

/// A transparent picture of one pixel.
std::string render_png() {
    return from_base64(
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5E"
        "rkJggg==");
}

}  // namespace

std::span<const ExportForm> export_forms() {
    return kForms;
}

bool fits(const ExportForm& form, std::string_view mime_type) {
    return mime_type.starts_with(kGooglePrefix) &&
           mime_type.substr(kGooglePrefix.size()) == form.document;
}

std::string render_export(const ExportForm& form, const Item& item, std::uint64_t serial) {
    const std::string text =
        item.content ? item.content->read(0, static_cast<std::size_t>(item.content->size()))
                     : item.name;
    const auto wanted = static_cast<std::size_t>(item.export_padding);
    const std::string padding =
        wanted == 0 ? std::string() : make_pattern(7, item.export_padding)->read(0, wanted);
    if (form.extension == "pdf") {
        return render_pdf(text, padding, serial);
    }
    if (form.extension == "svg") {
        return std::string(kXml) + "<svg xmlns=\"http://www.w3.org/2000/svg\"><desc>export " +
               std::to_string(serial) + "</desc><text>" + escape_xml(text) + "</text>" +
               (wanted == 0 ? "" : "<!--" + to_hex(padding).substr(0, wanted) + "-->") + "</svg>\n";
    }
    if (form.extension == "png") {
        return render_png();
    }
    if (form.extension == "rtf") {
        return "{\\rtf1 " + text + "}";
    }
    if (form.extension == "json") {
        return "{\"files\": []}\n";
    }
    if (form.mime_type.starts_with("text/")) {
        return text + std::string(wanted, ' ');
    }
    return render_archive(form, escape_xml(text), padding, serial);
}

}  // namespace emulator
