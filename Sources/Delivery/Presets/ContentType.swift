/// Content types with a meaning here.
enum ContentType {
    static let json = "application/json"
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
