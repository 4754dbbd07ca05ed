/// An endpoint's URL, cut where a template may begin: the host is fixed, path and query may hold fields.
struct EndpointURL: Sendable, Hashable {
    /// `https://crm.example.com:8443`, never from a template.
    let origin: String
    /// Path and query, at least `/`, as configured.
    let target: String

    /// The whole URL, its path at least `/`; fields stand in it unfilled.
    var text: String { origin + target }

    /// - Throws: without `http://` or `https://`, without a host, with a field or user and password in front of the path, or
    ///   with a fragment.
    init(configuration text: String) throws(ValueError) {
        let lower = text.lowercased()
        guard let scheme = ["https://", "http://"].first(where: { lower.hasPrefix($0) }) else {
            throw ValueError(
                problem: "\"\(EndpointURL.shown(text))\" has no scheme", hint: "begin it with https:// or http://")
        }
        let rest = text.dropFirst(scheme.count)
        let authority = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        if authority.contains("$") || authority.lowercased().contains("--a--") {
            throw ValueError(
                code: .conflict, problem: "the host is a template",
                hint: "a field may stand in path and query only, so that no call decides where data goes")
        }
        if authority.contains("@") {
            throw ValueError(
                code: .conflict, problem: "user and password stand in the URL",
                hint: "use header.Authorization = Basic ... instead, they would be shown in logs here")
        }
        guard let first = authority.unicodeScalars.first, first != ":",
            authority.unicodeScalars.allSatisfy({ $0.value > 0x20 && $0 != "\\" && $0.value != 0x7F })
        else { throw ValueError(problem: "the URL has no host", hint: "write it as https://crm.example.com/hooks") }
        if let colon = authority.lastIndex(of: ":"), !authority.hasSuffix("]") {
            guard let port = Int(authority[authority.index(after: colon)...]), (1...65535).contains(port) else {
                throw ValueError(
                    problem: "the port is not a number from 1 to 65535", hint: "leave it out for the usual")
            }
        }
        var target = String(rest[authority.endIndex...])
        try EndpointURL.check(target: target)
        if !target.hasPrefix("/") { target = "/" + target }
        origin = scheme + String(authority)
        self.target = target
    }

    /// What stands in a path or a query as it was written must be able to stand in the first line of a request.
    /// - Throws: on a blank, a control character or a fragment.
    static func check(target: String) throws(ValueError) {
        if let bad = target.unicodeScalars.first(where: { $0.value <= 0x20 || $0.value == 0x7F }) {
            throw ValueError(
                problem: "the URL holds a blank or control character (\(bad.value))",
                hint: "write %20, or enclose a field as ${caller.number}")
        }
        if target.contains("#") {
            throw ValueError(problem: "the URL has a #fragment, which is never sent", hint: "leave it out")
        }
    }

    /// For messages: without what may be a password.
    private static func shown(_ text: String) -> String { text.contains("@") ? "..." : String(text.prefix(60)) }
}
