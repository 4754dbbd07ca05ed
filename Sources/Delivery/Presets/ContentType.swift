/// Content types with a meaning here.
enum ContentType {
    /// RFC 8259, 11; no `charset`, as JSON is always UTF-8.
    static let json = "application/json"
    /// WHATWG URL, 5; written by `Escaping.appendForm`.
    static let form = "application/x-www-form-urlencoded"

    /// What a template of that type is, for escaping.
    static func place(_ type: String) -> Template.Place {
        let bare = type.lowercased().prefix { $0 != ";" && $0 != " " }
        if bare == form { return .form }
        if bare.hasSuffix("json") { return .json }
        if bare.hasSuffix("xml") { return .xml }
        return .text
    }
}
