import Glibc

/// Whose a file is that an operator's command makes where a daemon keeps its own.
package enum FolderOwner {
    /// Gives a file that root has just made to the owner of its folder; any other file stays as it is.
    ///
    /// `sudo hookswitch backfill` would else leave files that the daemon, which is not root, cannot open. SQLite does the same with
    /// the files it puts beside a database.
    /// - Parameter descriptor: open on `path`.
    package static func takes(_ descriptor: Int32, at path: String) {
        var file = stat()
        var folder = stat()
        let parent = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
        guard geteuid() == 0, fstat(descriptor, &file) == 0, file.st_uid == 0, file.st_size == 0,
            stat(parent, &folder) == 0
        else { return }
        fchown(descriptor, folder.st_uid, folder.st_gid)
    }
}
