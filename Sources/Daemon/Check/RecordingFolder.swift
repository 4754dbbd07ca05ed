import Glibc
import Storage
import Telephony

/// Asterisk's recordings on this host.
enum RecordingFolder {
    /// One file that holds audio, by its name.
    struct File {
        /// With the folder that was asked for at its front.
        var path: String
        /// Size of the whole file, header included.
        var bytes: Int
        /// When it was last written (mtime), in whole seconds.
        var changedAt: Instant
    }
    private static let endings: Set<String> = [
        "wav", "WAV", "wav49", "gsm", "ulaw", "alaw", "sln", "sln16", "g722", "g729", "mp3", "ogg", "opus",
    ]
    /// More is not looked at: a folder of years is not this check's to read.
    private static let limit = 200_000

    /// The audio files below a folder, in no order; symbolic links are not followed.
    static func files(below folder: String) -> [File] {
        var files: [File] = []
        var folders = [(folder.hasSuffix("/") ? String(folder.dropLast()) : folder, 0)]
        var seen = 0
        while let (next, depth) = folders.popLast() {
            for name in FolderEntries.names(in: next) {
                seen += 1
                guard seen < limit else { return files }
                var status = stat()
                let path = "\(next)/\(name)"
                guard lstat(path, &status) == 0 else { continue }
                switch status.st_mode & S_IFMT {
                case S_IFDIR: if depth < 8 { folders.append((path, depth + 1)) }
                case S_IFREG:
                    guard let ending = name.split(separator: ".").last, endings.contains(String(ending)) else {
                        continue
                    }
                    files.append(
                        File(
                            path: path, bytes: Int(status.st_size),
                            changedAt: Instant(seconds: Int64(status.st_mtim.tv_sec))))
                default: continue
                }
            }
        }
        return files
    }
}
