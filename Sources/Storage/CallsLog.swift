import Glibc
import Telephony

/// `calls.jsonl`: one record a line, appended after the commit, for programs that follow a file.
///
/// The database is the truth and this a copy: a full disk or a missing folder is counted and reported, and stops nothing.
/// A call whose recordings have not settled gets its line when they have. A record that is amended later is appended again;
/// of two lines with one `id` the later counts. The file is renamed away when it has
/// grown to `maxBytes` or a new UTC day begins (`calls.jsonl.2026-11-21`, then `.2026-11-21.1`, …), and reopened on request,
/// for a rotation by somebody else.
final class CallsLog {
    private let options: CallsLogOptions
    private let report: @Sendable (String) -> Void
    private var descriptor: Int32 = -1
    private var size: Int64 = 0
    private var day: Int64 = 0
    private var isFailing = false
    /// Nothing is written: the disk's last room is for the database.
    private var isHeld = false
    /// Lines that could not be written, for metrics.
    private(set) var lost = 0

    /// - Parameter report: told once when writing begins to fail, and once when it works again.
    init(_ options: CallsLogOptions, report: @escaping @Sendable (String) -> Void) {
        (self.options, self.report) = (options, report)
    }
    deinit { close() }

    /// Appends records, one line each, in one write.
    func append(_ records: [[UInt8]], now: Instant) {
        if isHeld { return }
        rotateIfDue(now: now)
        if descriptor < 0, !open(now: now) { return lose(records.count, "cannot be opened") }
        var lines: [UInt8] = []
        lines.reserveCapacity(records.reduce(0) { $0 + $1.count + 1 })
        for record in records {
            lines += record
            lines.append(UInt8(ascii: "\n"))
        }
        var written = 0
        while written < lines.count {
            let n = lines.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress! + written, $0.count - written) }
            if n < 0 && errno == EINTR { continue }
            if n <= 0 {
                // Half a line must not stay: the next one would be glued to it.
                if written > 0 { ftruncate(descriptor, off_t(size)) }
                return lose(records.count, "cannot be written: \(String(cString: strerror(errno)))")
            }
            written += n
        }
        size += Int64(written)
        if isFailing {
            isFailing = false
            report("calls log \(options.path) is written again; \(lost) lines are missing since the start")
        }
    }
    /// Writes nothing from here on, or takes it up again; the caller appends what was left out.
    func hold(_ isHeld: Bool) {
        self.isHeld = isHeld
        if isHeld { close() }
    }
    /// Removes files that were renamed away and last written before an instant; those of another rotation are its own to remove.
    func removeRotated(before: Instant) {
        guard let slash = options.path.lastIndex(of: "/") else { return }
        let folder = String(options.path[..<slash])
        let stem = options.path[options.path.index(after: slash)...] + "."
        for name in FolderEntries.names(in: folder) where name.hasPrefix(stem) {
            let path = "\(folder)/\(name)"
            var status = stat()
            guard CallsLog.isDated(name.dropFirst(stem.count)), stat(path, &status) == 0,
                Int64(status.st_mtim.tv_sec) < before.seconds
            else { continue }
            unlink(path)
        }
    }
    /// `2026-11-21` or `2026-11-21.3`.
    private static func isDated(_ ending: Substring) -> Bool {
        let parts = ending.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 1 || parts.count == 2 && parts[1].allSatisfy(\.isNumber) else { return false }
        return parts[0].count == 10 && parts[0].split(separator: "-").map(\.count) == [4, 2, 2]
    }
    /// Closes the file; the next record opens whatever is at its path then.
    func reopen() { close() }
    /// Gives the descriptor back; not an end, as the next `append` opens the path again.
    func close() {
        if descriptor >= 0 { Glibc.close(descriptor) }
        descriptor = -1
    }

    /// Repairs the end of the file after a crash: half a line is cut off, and what is missing after the last whole line is
    /// written.
    ///
    /// - Parameter missing: the records that should follow these lines, in order.
    func resume(now: Instant, missing: (_ lines: [ArraySlice<UInt8>]) throws(StorageError) -> [[UInt8]])
        throws(StorageError)
    {
        guard open(now: now), size > 0 else { return }
        // Some 300 records, where a commit holds a few. The longest record seen is some 100 KB; a tail without a line
        // feed is no log of ours.
        let length = min(size, 1 << 20)
        var tail = [UInt8](repeating: 0, count: Int(length))
        let file = Glibc.open(options.path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return }
        let got = pread(file, &tail, tail.count, off_t(size - length))
        Glibc.close(file)
        guard got == tail.count, let end = tail.lastIndex(of: UInt8(ascii: "\n")) else { return }
        if end + 1 < tail.count {
            size -= Int64(tail.count - end - 1)
            ftruncate(descriptor, off_t(size))
        }
        var lines = tail[..<end].split(separator: UInt8(ascii: "\n"))
        if length < size, lines.count > 1 { lines.removeFirst() }  // cut at its start
        let records = try missing(lines)
        if !records.isEmpty { append(records, now: now) }
    }
    /// The record id a line begins with; nil for what is no line of ours.
    static func id(inLine line: ArraySlice<UInt8>) -> String? {
        let opening = Array("{\"id\":\"".utf8)
        if line.starts(with: opening), let end = line.dropFirst(opening.count).firstIndex(of: UInt8(ascii: "\"")) {
            let id = line[(line.startIndex + opening.count)..<end]
            if !id.contains(UInt8(ascii: "\\")) { return String(decoding: id, as: UTF8.self) }
        }
        return (try? JSONValue(parsing: Array(line)))?["id"]?.string
    }

    private func open(now: Instant) -> Bool {
        descriptor = Glibc.open(options.path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o640)
        guard descriptor >= 0 else { return false }
        FolderOwner.takes(descriptor, at: options.path)
        var status = stat()
        fstat(descriptor, &status)
        size = Int64(status.st_size)
        day = (size > 0 ? Int64(status.st_mtim.tv_sec) : now.seconds) / 86400
        return true
    }
    private func lose(_ count: Int, _ why: String) {
        lost += count
        if !isFailing { report("calls log \(options.path) \(why); records are safe in the database") }
        isFailing = true
        close()
    }
    private func rotateIfDue(now: Instant) {
        if descriptor < 0, !open(now: now) { return }
        let isFull = options.maxBytes > 0 && size >= options.maxBytes
        let isOld = options.rotatesDaily && now.seconds / 86400 != day
        guard size > 0, isFull || isOld else { return }
        let date = Instant(seconds: day * 86400).rfc3339.prefix(10)
        var target = "\(options.path).\(date)"
        var number = 1
        while access(target, F_OK) == 0 {
            target = "\(options.path).\(date).\(number)"
            number += 1
        }
        rename(options.path, target)
        close()
    }
}

/// Where `calls.jsonl` is written, and when it is renamed away.
public struct CallsLogOptions: Sendable, Equatable {
    /// The live file, with its folder, which is not made: `/var/log/hookswitch/calls.jsonl`. Rotated ones stand beside
    /// it with a date behind their name.
    public var path: String
    /// Size that starts a new file; 0 is no limit.
    public var maxBytes: Int64
    /// Whether each UTC day gets its own file.
    public var rotatesDaily: Bool
    public init(path: String, maxBytes: Int64 = 256 << 20, rotatesDaily: Bool = false) {
        (self.path, self.maxBytes, self.rotatesDaily) = (path, maxBytes, rotatesDaily)
    }
}
