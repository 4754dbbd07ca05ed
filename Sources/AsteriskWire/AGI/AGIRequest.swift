/// What a dialplan asks a FastAGI server for: the path and query of `AGI(agi://host/path?name=value&…)`.
///
/// **Shape**: `call-complete?ref_id=CRM-42&tag=a&tag=b&empty=&flag`. Names may repeat and keep their order; a name without
/// `=` has an empty value. Parts are percent-encoded, as the dialplan's `URIENCODE()` writes them.
/// **Source**: `agi_network_script` is what stands after the host's `/`, with its query; `agi_request` the whole URL.
public struct AGIRequest: Hashable, Sendable {
    /// Decoded, without slashes at its ends: `call-complete`; empty for `agi://host` and `agi://host/`.
    public let path: String
    /// Those of the query only; arguments of AGI() are the environment's.
    public let parameters: AGIParameters

    /// - Parameter path: decoded and without slashes at its ends.
    public init(path: String, parameters: AGIParameters = AGIParameters()) {
        (self.path, self.parameters) = (path, parameters)
    }
    /// Reads path and query from bytes such as `call-complete?ref_id=1`. Anything is a request; nothing throws.
    public init(parsing text: ArraySlice<UInt8>) {
        let mark = text.firstIndex(of: UInt8(ascii: "?")) ?? text.endIndex
        var path = text[..<mark]
        while path.first == UInt8(ascii: "/") { path.removeFirst() }
        while path.last == UInt8(ascii: "/") { path.removeLast() }
        self.path = AGIText.decoded(path)
        parameters = AGIParameters(parsing: text[mark...].dropFirst())
    }
    /// The same for text.
    public init(parsing text: String) { self.init(parsing: Array(text.utf8)[...]) }

    /// What `environment` asks for: by its `agi_network_script`, else by what follows the host in its `agi_request`, else
    /// by its `agi_request` as it is (a script run by `AGI(script)`).
    public init(_ environment: AGIEnvironment) {
        if let script = environment.raw("network_script") {
            self.init(parsing: script)
            return
        }
        let url = environment.raw("request") ?? []
        let colon = url.firstIndex(of: UInt8(ascii: ":")) ?? url.endIndex
        guard url[colon...].starts(with: "://".utf8) else {
            self.init(parsing: url)
            return
        }
        let rest = url[(colon + 3)...]
        let slash = rest.firstIndex { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "?") } ?? rest.endIndex
        self.init(parsing: rest[slash...])
    }
}
