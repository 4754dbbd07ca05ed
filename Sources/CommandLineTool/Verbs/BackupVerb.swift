import Glibc
import Storage

/// `hookswitch backup FILE`: a copy of the database while the daemon works.
struct BackupVerb {
    private let console: Console
    private let path: String

    init(_ invocation: Invocation, _ console: Console) {
        (self.console, path) = (console, invocation.operands.first ?? "")
    }

    func run(_ store: StoreReader) async throws -> ExitCode {
        try await store.backup(to: path)
        var status = stat()
        let size = stat(path, &status) == 0 ? Int64(status.st_size) : 0
        console.line("\(path): \(size >> 10) KB")
        return .fine
    }
}
