import Delivery

/// One `eventfilter` of a manager user, as far as it decides whether events of a kind come through.
///
/// **Shape**: `eventfilter = [!]REGEX`, matched against the whole text of an event; and, in later releases of 18 to 22,
/// `eventfilter(action(exclude),name(Newchannel),header(Channel),method(starts_with)) = Local/`.
/// **Source**: main/manager.c, `match_filter` and `filter_cmp_fn` (16 and 22); manager.conf.sample of 22.
struct EventFilter: Equatable {
    /// How the right side is compared.
    enum Method: String {
        /// `regex`: found anywhere in the text, as POSIX extended. `exact`: the same as the whole.
        case regex, exact
        /// The text begins so.
        case startsWith = "starts_with"
        /// The text ends so.
        case endsWith = "ends_with"
        /// `contains`: found anywhere, as it stands. `none`: nothing is compared; name and header alone decide.
        case contains, none
    }
    /// Whether what it meets is kept back, and not let through.
    var isExclude = false
    /// Applies to events of this name alone; nil: to all.
    var event: String?
    /// Looks at this header alone; nil: at the whole text.
    var header: String?
    /// `none` for the newer form without `method(…)`; the older form is always `regex`.
    var method = Method.none
    /// What is compared with, without the `!` of the older form; not looked at with method `none`.
    var text: String

    /// - Parameters:
    ///   - key: what stands before `=`.
    ///   - value: what stands behind it.
    /// - Returns: nil where it is no filter that Asterisk would take.
    init?(key: String, value: String) {
        let key = key.lowercased() == "eventfilter" ? "" : key
        text = value
        guard !key.isEmpty else {
            guard !value.isEmpty else { return nil }
            method = .regex
            isExclude = value.hasPrefix("!")
            if isExclude { text.removeFirst() }
            return
        }
        guard key.lowercased().hasPrefix("eventfilter("), key.hasSuffix(")") else { return nil }
        for part in key.dropFirst("eventfilter(".count).dropLast().split(separator: ",") {
            let words = part.split(separator: "(", maxSplits: 1)
            guard words.count == 2, words[1].hasSuffix(")") else { return nil }
            let argument = String(words[1].dropLast())
            switch ConfigurationText.trimmed(words[0]).lowercased() {
            case "action": isExclude = argument.lowercased() == "exclude"
            case "name": event = argument
            case "header": header = argument
            case "method":
                guard let known = Method(rawValue: argument.lowercased()) else { return nil }
                method = known
            default: return nil
            }
        }
    }

    /// What a filter does to the events of one name.
    enum Effect { case nothing, some, all }

    /// Which events of a name this filter meets, whether it then lets them through or keeps them back.
    ///
    /// - Parameter name: of an event that has the headers of a channel.
    func effect(on name: String) -> Effect {
        if let event, event != name { return .nothing }
        if let header { return EventFilter.isOfChannels(header) ? .some : .nothing }
        if method == .none { return .all }
        return matches("Event: \(name)\r\nPrivilege: call,all\r\n") ? .all : .nothing
    }

    private func matches(_ whole: String) -> Bool {
        switch method {
        case .regex: Regex.matches(text, whole)
        case .exact: whole == text
        case .startsWith: whole.hasPrefix(text)
        case .endsWith: whole.hasSuffix(text)
        case .contains: whole.contains(text)
        case .none: true
        }
    }

    /// Headers that events of a channel have: a filter on one of them picks some of a call's events out.
    private static func isOfChannels(_ header: String) -> Bool {
        let name = header.lowercased()
        return [
            "event", "privilege", "uniqueid", "linkedid", "context", "exten", "priority", "accountcode", "language",
        ]
        .contains(name) || ["channel", "callerid", "connectedline", "dest", "bridge"].contains { name.hasPrefix($0) }
    }
}
