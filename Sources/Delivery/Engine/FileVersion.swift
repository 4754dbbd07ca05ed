import Glibc

/// Which file a path names and when it was last written, to tell whether it is still the one that was read.
///
/// **Source**: inode(7). The time of change, unlike that of modification, cannot be set back by who copies a file with its times.
struct FileVersion: Equatable {
    private let device: dev_t
    private let inode: ino_t
    private let size: off_t
    private let seconds: Int
    private let nanoseconds: Int

    /// Nil where there is no such file, or no way to it.
    init?(_ path: String) {
        var found = stat()
        guard stat(path, &found) == 0 else { return nil }
        (device, inode, size) = (found.st_dev, found.st_ino, found.st_size)
        (seconds, nanoseconds) = (found.st_ctim.tv_sec, found.st_ctim.tv_nsec)
    }
}

extension EndpointConfiguration.Connection {
    /// The files it names, as they are now; a key's own may be left out.
    var fileVersions: [FileVersion?] {
        [authorityFile, certificateFile, keyFile].map { $0.flatMap { FileVersion($0) } }
    }
}
