/// How an entry becomes a line.
public enum LogFormat: String, Sendable, CaseIterable {
    /// `2026-11-21T03:40:00.123Z notice ami: manager connected pbx.name=main`
    case text
    /// `{"time":"2026-11-21T03:40:00.123Z","level":"notice","component":"ami","message":"manager connected","pbx.name":"main"}`
    case json

    /// The line for `entry`, with its line end.
    /// - Parameter isJournal: the reader is journald: it stamps the time itself and takes the level from a `<N>` prefix.
    public func line(for entry: LogEntry, isJournal: Bool = false) -> [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(160)
        switch self {
        case .text:
            if isJournal {
                out.append(contentsOf: "<\(entry.level.journalPriority)>".utf8)
            } else {
                out.append(contentsOf: LogFormat.timestamp(entry.time).utf8)
                out.append(contentsOf: " \(entry.level.rawValue) ".utf8)
            }
            out.append(contentsOf: "\(entry.component): \(entry.message)".utf8)
            for (key, value) in entry.metadata.items {
                out.append(contentsOf: " \(key.rawValue)=".utf8)
                let text = entry.shown(value)
                if text.isEmpty || text.utf8.contains(where: { $0 == 0x20 || $0 == 0x22 || $0 == 0x3D }) {
                    LogFormat.appendQuoted(text, to: &out)
                } else {
                    out.append(contentsOf: text.utf8)
                }
            }
        case .json:
            out.append(contentsOf: #"{"time":""#.utf8)
            out.append(contentsOf: LogFormat.timestamp(entry.time).utf8)
            out.append(contentsOf: #"","level":"\#(entry.level.rawValue)","component":"#.utf8)
            LogFormat.appendQuoted(entry.component, to: &out)
            out.append(contentsOf: #","message":"#.utf8)
            LogFormat.appendQuoted(entry.message, to: &out)
            for (key, value) in entry.metadata.items {
                out.append(contentsOf: #","\#(key.rawValue)":"#.utf8)
                switch value {
                case .number(let number): out.append(contentsOf: String(number).utf8)
                case .flag(let flag): out.append(contentsOf: flag ? "true".utf8 : "false".utf8)
                default: LogFormat.appendQuoted(entry.shown(value), to: &out)
                }
            }
            out.append(UInt8(ascii: "}"))
        }
        out.append(UInt8(ascii: "\n"))
        return out
    }

    private static func appendQuoted(_ text: String, to out: inout [UInt8]) {
        out.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            if byte == 0x22 || byte == 0x5C { out.append(0x5C) }
            out.append(byte)
        }
        out.append(UInt8(ascii: "\""))
    }

    /// RFC 3339 with milliseconds, UTC, of microseconds since the epoch. Civil date by the days algorithm of Howard Hinnant
    /// ("chrono-compatible low-level date algorithms", civil_from_days).
    static func timestamp(_ microseconds: Int64) -> String {
        let milliseconds = (microseconds >= 0 ? microseconds : microseconds - 999) / 1000
        let day = (milliseconds >= 0 ? milliseconds : milliseconds - 86_399_999) / 86_400_000
        let inDay = milliseconds - day * 86_400_000
        let z = day + 719_468
        let era = (z >= 0 ? z : z - 146_096) / 146_097
        let dayOfEra = z - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let m = (5 * dayOfYear + 2) / 153
        let month = m < 10 ? m + 3 : m - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        func pad(_ n: Int64, _ width: Int) -> String {
            let text = String(n)
            return String(repeating: "0", count: max(0, width - text.utf8.count)) + text
        }
        let date = "\(pad(year, 4))-\(pad(month, 2))-\(pad(dayOfYear - (153 * m + 2) / 5 + 1, 2))"
        let hours = pad(inDay / 3_600_000, 2)
        let minutes = pad(inDay / 60_000 % 60, 2)
        let seconds = pad(inDay / 1000 % 60, 2)
        return "\(date)T\(hours):\(minutes):\(seconds).\(pad(inDay % 1000, 3))Z"
    }
}
