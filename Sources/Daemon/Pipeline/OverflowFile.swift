import Glibc
import Telephony

/// Where finished calls wait on disk when the store has not taken any for so long that memory is full: one note a line.
///
/// Written and read on the loop; both happen only in an emergency, or once at start.
struct OverflowFile {
    let path: String

    /// Appends a call.
    /// - Throws: what the system said; the call is then in no place but the caller's.
    func append(_ call: FinishedCall) throws(FileError) {
        let descriptor = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o640)
        guard descriptor >= 0 else { throw FileError("open", path) }
        defer { close(descriptor) }
        let line = call.noteBytes + [0x0A]
        guard write(descriptor, line, line.count) == line.count else { throw FileError("write", path) }
    }

    /// Whether any call waits here.
    var isEmpty: Bool { access(path, F_OK) != 0 }

    /// Takes all calls; the file stays until `remove`. A line that was cut by a full disk is left out and counted.
    func read() throws(FileError) -> (calls: [FinishedCall], damaged: Int) {
        let bytes = try FileError.read(path, limit: 1 << 30)
        var calls: [FinishedCall] = []
        var damaged = 0
        for line in bytes.split(separator: 0x0A) {
            if let call = FinishedCall(noteBytes: line) { calls.append(call) } else { damaged += 1 }
        }
        return (calls, damaged)
    }

    func remove() { unlink(path) }

    /// Gives the whole file its name at once.
    func rename(to name: String) throws(FileError) {
        guard Glibc.rename(path, name) == 0 else { throw FileError("rename", path) }
    }
}
