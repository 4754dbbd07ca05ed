import Glibc
import TestGround

/// An environment variable's value, nil when unset or empty.
func environment(_ name: String) -> String? {
    guard let value = getenv(name), value.pointee != 0 else { return nil }
    return String(cString: value)
}

/// A whole file as text, invalid UTF-8 repaired; nil when it cannot be read.
public func readText(_ path: String) -> String? {
    readBytes(path).map { String(decoding: $0, as: UTF8.self) }
}

/// Replaces or makes a file.
/// - Returns: false when it could not be written whole.
@discardableResult
public func writeFile(_ path: String, _ bytes: some Sequence<UInt8>) -> Bool {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    return writeAll(descriptor, Array(bytes))
}

/// Replaces or makes a text file.
@discardableResult
public func writeFile(_ path: String, _ text: String) -> Bool { writeFile(path, Array(text.utf8)) }

/// Writes all bytes to a blocking descriptor.
func writeAll(_ descriptor: Int32, _ bytes: [UInt8]) -> Bool {
    var done = 0
    while done < bytes.count {
        let count = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress! + done, bytes.count - done) }
        if count < 0, errno == EINTR { continue }
        guard count > 0 else { return false }
        done += count
    }
    return true
}

/// Makes a folder and those above it.
public func makeFolder(_ path: String) {
    var partial = ""
    for part in path.split(separator: "/") {
        partial += "/" + part
        mkdir(partial, 0o755)
    }
}

/// The names in a folder, sorted, without `.` and `..`.
public func listFolder(_ path: String) -> [String] {
    guard let folder = opendir(path) else { return [] }
    defer { closedir(folder) }
    var names: [String] = []
    while let entry = readdir(folder) {
        let name = withUnsafeBytes(of: &entry.pointee.d_name) {
            String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
        }
        if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted()
}

/// Removes a folder and everything in it; links are removed, not followed.
public func removeFolder(_ path: String) {
    for name in listFolder(path) {
        let inner = path + "/" + name
        var info = stat()
        if lstat(inner, &info) == 0, info.st_mode & S_IFMT == S_IFDIR { removeFolder(inner) } else { unlink(inner) }
    }
    rmdir(path)
}
