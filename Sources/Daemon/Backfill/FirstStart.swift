import Glibc
import Telephony

/// When a daemon first ran on a state folder, kept there. Until it has told a call, this is all that says from when on calls may have
/// been missed; older ones are history.
///
/// **Shape**: the file `first-start`, one line, `2026-11-21T15:56:02.925Z`.
struct FirstStart {
    private let path: String

    init(folder: String) { path = "\(folder)/first-start" }

    /// The time that is kept; nil where there is none, as in a folder of an earlier release.
    var time: Instant? {
        guard let bytes = try? FileError.read(path, limit: 64) else { return nil }
        return Instant(rfc3339: String(String(decoding: bytes, as: UTF8.self).prefix { $0 != "\n" }))
    }

    /// Keeps a time. A disk that takes no file costs no more than calls missed before the first record.
    func keep(_ now: Instant) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o640)
        guard descriptor >= 0 else { return }
        let line = Array((now.rfc3339 + "\n").utf8)
        _ = write(descriptor, line, line.count)
        close(descriptor)
    }
}
