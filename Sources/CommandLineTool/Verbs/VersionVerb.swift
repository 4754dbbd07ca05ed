import Diagnostics
import Telephony

/// `hookswitch version`.
enum VersionVerb {
    /// Writes `hookswitch 1.2.3`, or an object of `name` and `version`.
    static func run(_ invocation: Invocation, _ console: Console) -> ExitCode {
        if invocation.has("--json") {
            var w = JSONWriter()
            w.beginObject()
            w.member("name", "hookswitch")
            w.member("version", Release.version)
            w.endObject()
            return console.write(w.bytes + [0x0A]) ? .fine : .found
        }
        return console.line("hookswitch \(Release.version)") ? .fine : .found
    }
}
