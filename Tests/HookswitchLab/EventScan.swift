import Glibc

/// Finds some events in the bytes of one manager connection, as simply as the lab needs it: the lab's own reading, not the
/// product's.
struct EventScan {
    private let heads: [(name: String, bytes: [UInt8])]
    /// What has come of the message that is not whole.
    private var rest: [UInt8] = []

    /// - Parameter names: `Newchannel`, `Hangup`, …; all others are passed over unread.
    init(for names: Set<String>) { heads = names.map { ($0, Array("Event: \($0)\r\n".utf8)) } }

    /// Takes the next bytes and tells the events that are whole by them: the name, and the first of each header.
    mutating func take(_ chunk: some Sequence<UInt8>, _ body: (_ name: String, _ headers: [String: String]) -> Void) {
        rest += chunk
        var begin = 0
        while let end = EventScan.end(in: rest, from: begin) {
            let message = rest[begin..<end]
            begin = end
            // What is cheap to rule out is ruled out before any text is made. The greeting is a line before the first answer.
            guard let head = heads.first(where: { message.starts(with: $0.bytes) }) else { continue }
            var headers: [String: String] = [:]
            for line in String(decoding: message, as: UTF8.self).components(separatedBy: "\r\n") {
                guard let colon = line.firstIndex(of: ":") else { continue }
                let header = String(line[..<colon])
                if headers[header] == nil { headers[header] = String(line[line.index(after: colon)...]).trimmed }
            }
            body(head.name, headers)
        }
        rest.removeFirst(begin)
    }

    /// Where the message that begins there has ended, its empty line included; nil while it is not whole.
    private static func end(in bytes: [UInt8], from begin: Int) -> Int? {
        bytes.withUnsafeBytes { all in
            var line = begin
            while line < all.count, let found = memchr(all.baseAddress! + line, 10, all.count - line) {
                let next = UnsafeRawPointer(found) - all.baseAddress! + 1
                // CR LF alone.
                if next - line == 2, line > begin, all[line] == 13 { return next }
                line = next
            }
            return nil
        }
    }
}
