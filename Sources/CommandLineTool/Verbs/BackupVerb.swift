import Glibc
import Storage

/// `hookswitch backup FILE`: a copy of the database while the daemon works.
struct BackupVerb {
    private let console: Console
    private let path: String

    /// Takes the first operand for the file to make.
    init(_ invocation: Invocation, _ console: Console) {
        (self.console, path) = (console, invocation.operands.first ?? "")
    }

    /// Writes the copy and says how large it is.
    /// - Throws: where the file is there already, or the copy could not be completed.
    func run(_ store: StoreReader) async throws -> ExitCode {
        try await store.backup(to: path)
        var status = stat()
        let size = stat(path, &status) == 0 ? Int64(status.st_size) : 0
        console.line("\(path): \(size >> 10) KB")
        return .fine
    }
}
