import Glibc

/// The folder that holds the database and its one owner's lock; released when the value goes.
///
/// `flock` and not a pid file's mere presence: a killed owner leaves no lock behind. The pid inside is for people.
package struct StateFolder: ~Copyable {
    /// As it was given, not resolved; must stay the same folder while this lives.
    let path: String
    private let descriptor: Int32

    /// The database's file within a state folder, whoever asks: owner, readers, `check`.
    package static func databasePath(in folder: String) -> String { "\(folder)/hookswitch.db" }
    private static func lockPath(in folder: String) -> String { "\(folder)/hookswitch.lock" }

    /// Whether a process owns the folder just now; false too where that cannot be seen from here. Where none does, the look itself
    /// holds the lock, shared, for a moment.
    package static func isOwned(_ path: String) -> Bool {
        let descriptor = open(lockPath(in: path), O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        return flock(descriptor, LOCK_SH | LOCK_NB) != 0
    }

    /// Makes the folder if need be (0750: records hold numbers) and takes the lock.
    /// - Throws: `unwritable`, `locked`, `diskFull`.
    static func own(_ path: String) throws(StorageError) -> StateFolder {
        if mkdir(path, 0o750) != 0, errno != EEXIST { throw failure("make the folder \(path)", errno) }
        let lockPath = lockPath(in: path)
        let descriptor = open(lockPath, O_RDWR | O_CREAT | O_CLOEXEC, 0o640)
        guard descriptor >= 0 else { throw failure("open \(lockPath)", errno) }
        FolderOwner.takes(descriptor, at: lockPath)
        var isOurs = false
        // Others hold the lock for a moment: `check` to see whether somebody has the folder, `deliveries` to do what it is asked.
        for attempt in 0..<50 where !isOurs {
            if attempt > 0 { usleep(20_000) }
            isOurs = flock(descriptor, LOCK_EX | LOCK_NB) == 0
        }
        guard isOurs else {
            var text = [UInt8](repeating: 0, count: 32)
            let length = max(0, read(descriptor, &text, text.count))
            let pid = String(decoding: text[..<length], as: UTF8.self).prefix { $0.isNumber }
            close(descriptor)
            throw StorageError(.locked, "lock \(path)", underlying: pid.isEmpty ? "" : "held by process \(pid)")
        }
        let pid = "\(getpid())\n"
        ftruncate(descriptor, 0)
        if pwrite(descriptor, pid, pid.utf8.count, 0) < 0 {
            let code = errno
            close(descriptor)
            throw failure("write \(lockPath)", code)
        }
        // SQLite would make it readable by all; its log and shared memory take the database's own mode.
        let database = open(databasePath(in: path), O_RDWR | O_CREAT | O_CLOEXEC, 0o640)
        if database < 0 {
            let code = errno
            close(descriptor)
            throw failure("open \(databasePath(in: path))", code)
        }
        FolderOwner.takes(database, at: databasePath(in: path))
        close(database)
        return StateFolder(path: path, descriptor: descriptor)
    }
    private init(path: String, descriptor: Int32) { (self.path, self.descriptor) = (path, descriptor) }
    deinit {
        // Unlocked in words: a child between fork and exec still holds a copy of the descriptor.
        flock(descriptor, LOCK_UN)
        close(descriptor)
    }

    /// The system's refusal of something in a folder, as a `StorageError`.
    /// - Parameter code: the errno.
    static func failure(_ context: String, _ code: Int32) -> StorageError {
        let kind: StorageError.Code =
            switch code {
            case ENOSPC, EDQUOT: .diskFull
            case EIO: .io
            default: .unwritable
            }
        return StorageError(kind, context, underlying: String(cString: strerror(code)), number: code)
    }
}
