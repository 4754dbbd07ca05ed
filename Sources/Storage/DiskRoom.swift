import Glibc

/// How much room a volume has, in bytes.
public struct DiskRoom: Sendable, Equatable {
    /// What a process without privileges may still write.
    public var free: Int64
    /// All of the volume.
    public var total: Int64

    /// A room that was not measured, for tests.
    public init(free: Int64, total: Int64) { (self.free, self.total) = (free, total) }

    /// The volume that holds `path`; nil where it cannot be asked.
    public init?(at path: String) {
        var status = statvfs()
        guard statvfs(path, &status) == 0 else { return nil }
        let block = Int64(status.f_frsize)
        self.init(free: Int64(status.f_bavail) * block, total: Int64(status.f_blocks) * block)
    }
}
