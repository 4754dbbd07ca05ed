import Glibc

/// What a configuration file may refer to outside of itself: environment variables and secret files.
public struct ConfigurationEnvironment: Sendable {
    /// The value of an environment variable; nil when it is not set.
    public var variable: @Sendable (String) -> String?
    /// The bytes of a file, or the system's words for why there are none.
    public var contents: @Sendable (String) -> Result<[UInt8], FileError>

    /// For tests, and for reading another process's configuration.
    public init(
        variable: @escaping @Sendable (String) -> String?,
        contents: @escaping @Sendable (String) -> Result<[UInt8], FileError>
    ) {
        (self.variable, self.contents) = (variable, contents)
    }

    /// The process's own environment and the file system.
    public static let process = ConfigurationEnvironment(
        variable: { name in getenv(name).map { String(cString: $0) } },
        contents: { path in
            do throws(FileError) { return .success(try FileError.read(path)) } catch { return .failure(error) }
        })
}

/// Why a file could not be read or written, in the system's words.
public struct FileError: Error, Sendable, Equatable, CustomStringConvertible {
    /// `open`, `read`, …
    public let operation: String
    /// As it was given to the call that failed.
    public let path: String
    /// The system's errno.
    public let number: Int32

    /// With the errno of the call that has just failed.
    public init(_ operation: String, _ path: String) { self.init(operation, path, number: errno) }
    /// With an errno that was kept, or one that fits what no call said.
    public init(_ operation: String, _ path: String, number: Int32) {
        (self.operation, self.path, self.number) = (operation, path, number)
    }

    /// `No such file or directory`
    public var reason: String { String(cString: strerror(number)) }
    /// There is no such file.
    public var isMissing: Bool { number == ENOENT }
    /// `open /etc/hookswitch/hookswitch.conf: Permission denied`
    public var description: String { "\(operation) \(path): \(reason)" }

    /// Reads a whole file of at most `limit` bytes.
    public static func read(_ path: String, limit: Int = 16 << 20) throws(FileError) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileError("open", path) }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = Glibc.read(descriptor, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw FileError("read", path) }
            if count == 0 { return bytes }
            bytes.append(contentsOf: chunk[..<count])
            guard bytes.count <= limit else { throw FileError("read", path, number: EFBIG) }
        }
    }
}
